"""Who did with least: read from what was measured, so that no sentence outlives its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.findings import Figure, Table, readable
from benchmarks.peers.effort import Effort

WHY = (
    "Here each change rewrites its leaf of at most 32 entries and the blocks of nodes above it, so bytes grow with the "
    "rows until each change falls into a leaf of its own, and so does what a comparison reads; objects do not grow. "
    "MERGE rewrites every file that holds a changed row. `merge_insert` adds a fragment and marks the old rows, "
    "however many there are; names of changed rows come from its new fragment alone."
)
# By items and changes: how many times the bytes of Lance's objects ours may have. Requests to DynamoDB are told apart.
BYTES_GOALS = {(100_000, 1): 2.5, (100_000, 100): 6.5, (1_000_000, 10_000): 5.5}
NAMES = {"ours": "this project", "delta": "Delta", "lance": "Lance"}
Measure = Callable[["Cell"], float]


@dataclass(frozen=True)
class Cell:
    """What one system took to change `changes` of `items` rows, and to compare the two versions."""

    system: str
    items: int
    changes: int
    change: Effort
    compare: Effort


MEASURES: dict[str, Measure] = {
    "bytes written": lambda cell: cell.change.bytes_written + cell.change.database_bytes_sent,
    "objects written": lambda cell: cell.change.files_written,
    "CPU": lambda cell: cell.change.cpu_seconds,
    "comparing: CPU": lambda cell: cell.compare.cpu_seconds,
    "comparing: bytes read": lambda cell: cell.compare.bytes_read + cell.compare.database_bytes_received,
}


def objects_ratio(cells: Sequence[Cell]) -> float:
    """How many times as many objects ours writes as the peer that writes fewest, in the worst case."""
    ratios = []
    for group in _groups(cells).values():
        files = {each.system: each.change.files_written for each in group}
        ratios.append(files.pop("ours") / min(files.values()))
    return max(ratios)


def bytes_ratios(cells: Sequence[Cell]) -> dict[tuple[int, int], float]:
    """How many times the bytes of Lance's objects ours has, where there is a goal; by items and changes."""
    ratios = {}
    for place, group in _groups(cells).items():
        if place in BYTES_GOALS:
            written = {each.system: each.change.bytes_written for each in group}
            ratios[place] = written["ours"] / written["lance"]
    return ratios


def judged(objects: float, ratios: Mapping[tuple[int, int], float]) -> list[Figure]:
    """Hold what ours writes against what the peers write."""
    figures = [Figure("objects written, against the peer that writes fewest, at most", 1, objects, "x")]
    return figures + [
        Figure(f"bytes of objects against Lance: {changes:,} of {items:,}", BYTES_GOALS[items, changes], ratio, "x")
        for (items, changes), ratio in ratios.items()
    ]


def who_did_with_least(cells: Sequence[Cell]) -> Table:
    """Order the systems by each measure, for each number of rows and of changes."""
    groups = _groups(cells)
    rows = [
        [f"{readable(changes)} of {readable(items)}", *(ranking(group, measure) for measure in MEASURES.values())]
        for (items, changes), group in groups.items()
    ]
    note = "The least first; behind it, how many times as much the others took. " + " ".join(wins(cells))
    return Table(["rows changed", *MEASURES], rows, "Who did with least", note)


def ranking(cells: Iterable[Cell], measure: Measure) -> str:
    """Put systems in order: `Lance; this project 2.50 x; Delta 600 x`."""
    first, *others = sorted(cells, key=measure)
    return "; ".join(
        [NAMES[first.system], *(f"{NAMES[each.system]} {times(measure(first), measure(each))}" for each in others)]
    )


def wins(cells: Sequence[Cell]) -> list[str]:
    """Tell by each measure who did with least how often; of those that are alike, each counts."""
    groups = _groups(cells).values()
    sentences = []
    for what, measure in MEASURES.items():
        least = [each.system for group in groups for each in group if measure(each) == min(map(measure, group))]
        counted = sorted(((least.count(system), name) for system, name in NAMES.items()), key=lambda each: -each[0])
        told = ", ".join(f"{name} {often}" for often, name in counted)
        sentences.append(f"Least {what}, of {len(groups)} cases: {told}.")
    return sentences


def growth(cells: Sequence[Cell]) -> Table | None:
    """Hold the most rows against the fewest for the same changes; None when there is one number of rows."""
    fewest, most = min(each.items for each in cells), max(each.items for each in cells)
    if fewest == most:
        return None
    by_place = {(each.system, each.items, each.changes): each for each in cells}
    rows = [
        [
            f"{NAMES[each.system]}, {readable(each.changes)} changed",
            *(
                times(measure(each), measure(by_place[each.system, most, each.changes]))
                for measure in MEASURES.values()
            ),
        ]
        for each in cells
        if each.items == fewest
    ]
    title = f"What changes cost in {readable(most)} rows, against {readable(fewest)}"
    note = f"1 x is flat; the rows themselves are {times(fewest, most)}. {WHY}"
    return Table(["system", *MEASURES], rows, title, note)


def times(one: float, other: float) -> str:
    """How many times as much the other is."""
    return f"{readable(other / one)} x" if one else "-"


def _groups(cells: Sequence[Cell]) -> dict[tuple[int, int], list[Cell]]:
    groups: dict[tuple[int, int], list[Cell]] = {}
    for each in cells:
        groups.setdefault((each.items, each.changes), []).append(each)
    return groups
