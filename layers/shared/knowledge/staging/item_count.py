"""How many items of a staging set are active, by what each write did to that number. Pure.

Each journal entry tells by how many its transaction changed it. The source's row has the sum of those that publications
have covered (`covered_items`), so with the sum of those that are left it is the number. Nothing is counted.

What would break it, and what stands against it:

- A write without its entry, or an entry that is lost: they are one transaction with the rows.
- An entry is forgotten and not summed, or twice: a plan sums up what it covers on top of what the source's row had, and
  the write that publishes it moves the row's sum; it demands the generation that the plan was made on, and nothing else
  moves the sum. Until the entries are forgotten, nobody is told a number.
- A run is planned while those are being forgotten: it covers what is left of them, too, and counts those as 0.
- The plan that says which are to be forgotten is gone: the sum goes from the row. So it does when a plan covers an
  entry that tells nothing, of a source of before there were sums.

A full run counts the active rows, which sets right what is not known, or was brought back from copies of different
moments. That is the sum for the journal as it was listed, unless a row was read as a later write left it: then its
entry is left in the journal, and would count once more. A row that was written by nobody since the run began, nor in
the longest time that a function has to carry a decision out, is none of those.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from knowledge.staging.model import ItemState
from knowledge.staging.rows import JournalEntry, RunRow

# No function runs longer than 15 minutes on AWS, so what was decided on before has landed; clocks differ by seconds.
WRITES_LAND_MS = 960_000
# In Python 3.11 a member of an enumeration is looked up by a function.
_IS_ACTIVE = ItemState.ACTIVE


# A journal entry that a run found: its id, when it was written (ms), and by how many it changed the number.
Listed = tuple[str, int, int | None]


def list_entries(journal: Sequence[JournalEntry], counted: Collection[str]) -> tuple[Listed, ...]:
    """Note what a run found in the journal; what is `counted` already counts as 0."""
    return tuple(
        [(entry.entry_id, entry.written_at, 0 if entry.entry_id in counted else entry.net) for entry in journal]
    )


def sum_items(before: int | None, nets: Iterable[int | None]) -> int | None:
    """Add up what entries did to the number that there was before; None when any of it is not known."""
    total = before
    for net in nets:
        if total is None or net is None:
            return None
        total += net
    return total


def sum_covered(
    before: int | None, counted: int | None, journal: Sequence[Listed], covered: Collection[str]
) -> int | None:
    """The sum once `covered`, of what was listed of the journal, is published.

    It is what a full run `counted`, unless it leaves some of what it has seen uncovered; else that of `before` and
    theirs.
    """
    if counted is not None and len(covered) == len(journal):
        return counted
    taken = frozenset(covered)
    return sum_items(before, [net for entry_id, _, net in journal if entry_id in taken])


def count_rows(counted: int | None, rows: Iterable[RunRow], began_at: int) -> int | None:
    """Count the active ones of rows that a full run read; None when one was written so lately that it can't be told."""
    if counted is None:
        return None
    for row in rows:
        # A rev is the time of its write, or later.
        if row.rev > began_at - WRITES_LAND_MS:
            return None
        counted += row.state is _IS_ACTIVE
    return counted
