"""One step of one system in a process of its own, so that CPU and memory are those of the step.

    python -m benchmarks.peers.child ours|delta|lance load|change|tidy --folder DIR --items N [--changes K]

Prints what the step took as one line of JSON, a change and the comparison that follows it apart, once it is sure that
what was made is right.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.peers.data import chosen, name, row, rows
from benchmarks.peers.effort import Effort, Peer, measuring

ROWS_A_PART = 25_000
SAMPLE = 20
FIRST, CHANGED = 0, 1


def opened(system: str, folder: Path) -> Peer:
    """Make a system, importing that one alone."""
    if system == "ours":
        from benchmarks.peers.ours import Ours

        return Ours(folder)
    if system == "delta":
        from benchmarks.peers.delta import Delta

        return Delta(folder)
    from benchmarks.peers.lance import Lance

    return Lance(folder)


def load(peer: Peer, items: int) -> Effort:
    """Make the first version of `items` rows."""
    prepared = [
        peer.prepare(rows(range(start, min(start + ROWS_A_PART, items)), FIRST))
        for start in range(0, items, ROWS_A_PART)
    ]
    gc.freeze()
    with measuring(peer) as effort:
        peer.load(prepared)
    _check(peer, items, {name(number): row(number, FIRST).content for number in chosen(items, SAMPLE)})
    return effort


def change(peer: Peer, items: int, changes: int) -> list[Effort]:
    """Change rows, compare the two versions; each was done once before, so that imports and connections are there."""
    numbers = chosen(items, changes)
    edition = CHANGED + changes
    prepared = peer.prepare(rows(numbers, edition))
    peer.open()
    peer.change(peer.prepare(rows([items // 2], edition << 20)))
    peer.changed()
    with measuring(peer) as changing:
        peer.change(prepared)
    with measuring(peer) as comparing:
        found = peer.changed()
    if found != set(map(name, numbers)):
        message = f"{len(found)} rows are said to differ, and not the {changes} that were changed"
        raise RuntimeError(message)
    _check(peer, items, {name(number): row(number, edition).content for number in numbers[:SAMPLE]})
    return [changing, comparing]


def tidy(peer: Peer) -> Effort:
    """Do the upkeep that changes put off."""
    peer.open()
    with measuring(peer) as effort:
        peer.tidy()  # type: ignore[attr-defined]
    return effort


def _check(peer: Peer, items: int, contents: dict[str, str]) -> None:
    if peer.count() != items:
        message = f"There are {peer.count()} rows, not {items}"
        raise RuntimeError(message)
    if peer.contents(list(contents)) != contents:
        message = "The rows do not hold what was written"
        raise RuntimeError(message)


def main() -> int:
    """Take one step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("system", choices=["ours", "delta", "lance"])
    parser.add_argument("step", choices=["load", "change", "tidy"])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--changes", type=int, default=1)
    arguments = parser.parse_args()
    peer = opened(arguments.system, arguments.folder)
    match arguments.step:
        case "load":
            efforts = [load(peer, arguments.items)]
        case "change":
            efforts = change(peer, arguments.items, arguments.changes)
        case _:
            efforts = [tidy(peer)]
    print(json.dumps([asdict(effort) for effort in efforts]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
