"""Who did with least: read from what was measured, so that no sentence outlives its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.findings import Table, readable
from benchmarks.peers.effort import Effort

WHY = (
    "Here each change rewrites its leaf of at most 1 024 entries, so bytes and objects grow with the rows until there "
    "are more leaves than changes, and so does what a comparison reads. MERGE rewrites every file that holds a changed "
    "row. `merge_insert` adds a fragment and marks the old rows, however many there are."
)
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
