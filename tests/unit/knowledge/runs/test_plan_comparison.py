"""Two plans are compared line by line, in pages of any size, and a page ends in any case."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from knowledge.index.entries import path_of
from knowledge.model import ChangeKind
from knowledge.runs import plan_comparison
from knowledge.runs.change_file import ChangeLine
from knowledge.runs.plan_comparison import Place, PlacedLine, Standing, compare_plans

NAMES = [f"item-{number}" for number in range(8)]
# Of each item what a plan says of it; the rev, which no page shows, is another one in each plan.
PLANS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from("xyz"), max_size=8)
PART_LINES = 3


def lines_of(plan: dict[str, str], rev: int) -> list[ChangeLine]:
    names = sorted(plan, key=path_of)
    return [ChangeLine(name, ChangeKind.UPDATED, rev, plan[name], "a", "b", None, 1) for name in names]


def walk(lines: list[ChangeLine], start: Place, parts: int) -> Iterator[PlacedLine]:
    """As a reader walks: over so many parts at the most."""
    part, at = start
    end = (part + parts) * PART_LINES
    for number in range(part * PART_LINES + at, min(end, len(lines))):
        yield PlacedLine(divmod(number, PART_LINES), lines[number])
    yield PlacedLine((part + parts, 0), None, goes_on=end < len(lines))


@given(new=PLANS, old=PLANS, limit=st.integers(1, 4), bound=st.integers(2, 9), parts=st.integers(1, 3))
def test_pages_tell_what_is_new_changed_and_gone(
    new: dict[str, str], old: dict[str, str], limit: int, bound: int, parts: int
) -> None:
    expected = dict.fromkeys(new.keys() - old.keys(), Standing.NEW)
    expected |= dict.fromkeys(old.keys() - new.keys(), Standing.GONE)
    expected |= {name: Standing.CHANGED for name in new.keys() & old.keys() if new[name] != old[name]}
    later, earlier = lines_of(new, 2), lines_of(old, 1)
    found: list[tuple[str, Standing]] = []
    places: tuple[Place, Place] | None = ((0, 0), (0, 0))
    with mock.patch.object(plan_comparison, "_LINES_A_PAGE", bound):
        for _ in range(40):
            if places is None:
                break
            page = compare_plans(walk(later, places[0], parts), walk(earlier, places[1], parts), lambda _: True, limit)
            assert len(page.lines) <= limit
            found += [(each.line.external_item_id, each.standing) for each in page.lines]
            places = page.next
    assert places is None, "the list comes to no end"
    assert found == sorted(expected.items(), key=lambda each: path_of(each[0]))


def test_what_is_gone_is_told_as_the_earlier_plan_has_it() -> None:
    page = compare_plans(walk([], (0, 0), 1), walk(lines_of({"a": "old"}, 1), (0, 0), 1), lambda _: True, 5)
    assert [(each.standing, each.line.title) for each in page.lines] == [(Standing.GONE, "old")]


def test_page_can_go_on_behind_any_of_its_changes() -> None:
    new, old = lines_of(dict.fromkeys(NAMES, "x"), 2), lines_of({NAMES[2]: "y", NAMES[5]: "x"}, 1)
    whole = compare_plans(walk(new, (0, 0), 9), walk(old, (0, 0), 9), lambda _: True, 99).lines
    for number, each in enumerate(whole, start=1):
        later, earlier = each.behind
        rest = compare_plans(walk(new, later, 9), walk(old, earlier, 9), lambda _: True, 99).lines
        assert [line.line for line in rest] == [line.line for line in whole[number:]]
