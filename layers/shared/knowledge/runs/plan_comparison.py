"""What two plans of one run have in common, line by line. Pure: both are walks in the order of the index.

A change is the same in both when all that is shown of it is the same; the rev of the row that it was read from is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from knowledge.index.entries import path_of
from knowledge.runs.change_file import ChangeLine

# Of both plans: a page of what is rare ends behind so many, found or not.
_LINES_A_PAGE = 25_000
# The part and the line of a change.
Place = tuple[int, int]


class Standing(StrEnum):
    """What became of a change since an earlier plan."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"


class PlacedLine(NamedTuple):
    """A change and where it stands; without a line, where a walk ends, and whether the plan goes on there."""

    place: Place
    line: ChangeLine | None
    goes_on: bool = False


class ComparedLine(NamedTuple):
    """A change that the plans do not share, as the later one has it, and both places behind it."""

    standing: Standing
    line: ChangeLine
    behind: tuple[Place, Place]


class ComparedPage(NamedTuple):
    """Some changes that the plans do not share, and the places to go on from in both; None at the end."""

    lines: list[ComparedLine]
    next: tuple[Place, Place] | None


def compare_plans(
    later: Iterator[PlacedLine], earlier: Iterator[PlacedLine], wanted: Callable[[ChangeLine], bool], limit: int
) -> ComparedPage:
    """Find up to `limit` wanted changes in which two plans differ; what is gone is as the earlier one has it."""
    found: list[ComparedLine] = []
    new, old = next(later), next(earlier)
    for _ in range(_LINES_A_PAGE):
        if any(side.line is None and side.goes_on for side in (new, old)):
            break
        if new.line is None and old.line is None:
            return ComparedPage(found, None)
        standing, line = _compare(new.line, old.line)
        is_found = standing is not None and wanted(line)
        if is_found and len(found) == limit:
            break
        takes_new, takes_old = standing is not Standing.GONE, standing is not Standing.NEW
        new = next(later) if takes_new else new
        old = next(earlier) if takes_old else old
        if is_found and standing is not None:
            found.append(ComparedLine(standing, line, (new.place, old.place)))
    return ComparedPage(found, (new.place, old.place))


def _compare(new: ChangeLine | None, old: ChangeLine | None) -> tuple[Standing | None, ChangeLine]:
    """What the heads of two walks come to: of two items, the one that comes first; of one, None for no difference."""
    if new is None or (old is not None and _path(old) < _path(new)):
        if old is None:
            raise AssertionError
        return Standing.GONE, old
    if old is None or _path(new) < _path(old):
        return Standing.NEW, new
    return (None if new._replace(rev=None) == old._replace(rev=None) else Standing.CHANGED), new


def _path(line: ChangeLine) -> str:
    return path_of(line.external_item_id)
