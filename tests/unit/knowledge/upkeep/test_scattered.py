"""Which objects of a state are worth rewriting: each rule on both sides of its edge, and how much is moved at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.index.manifest import Manifest
from knowledge.index.names import GONE, NamedObject, Names, ObjectKind, ObjectName
from knowledge.upkeep.scattered import (
    MOVED_BYTES,
    SMALL_BYTES,
    SMALL_OBJECTS,
    Scattered,
    find_scattered,
    is_half_dead,
    most_dead,
)

MB = 1024 * 1024
NOTHING = Scattered(frozenset(), frozenset(), folds_packs=False)
KINDS = [kind for kind in ObjectKind if kind is not ObjectKind.GONE]


def row(kind: ObjectKind, size: int) -> NamedObject:
    return NamedObject(ObjectName(kind, "0" * 26, "0" * 26, 0), size, "ab" * 32)


def packs(*sizes: int) -> list[NamedObject]:
    return [row(ObjectKind.RUN_PACK, size) for size in sizes]


def indexes(*sizes: int) -> list[NamedObject]:
    return [row(ObjectKind.RUN_INDEX, size) for size in sizes]


def found(rows: list[NamedObject], *, live: int | None = None, live_index: int | None = None) -> Scattered:
    """What is chosen where so many bytes are part of the state; all are, by default."""
    sizes = [sum(each.bytes for each in rows if each.name.is_index == is_index) for is_index in (False, True)]
    member_bytes = sizes[0] if live is None else live
    index_bytes = sizes[1] if live_index is None else live_index
    own = ObjectName(ObjectKind.RUN_INDEX, "0" * 26, "0" * 26, 0)
    return find_scattered(rows, Manifest(own, None, None, Names(), member_bytes, index_bytes))


def test_small_packs_are_put_together_when_there_are_enough() -> None:
    few, enough = packs(*[10] * (SMALL_OBJECTS - 1)), packs(*[10] * SMALL_OBJECTS)
    assert found(few) == NOTHING
    assert found(enough).packs == frozenset(range(SMALL_OBJECTS))
    assert found([*few, *packs(SMALL_BYTES)]) == NOTHING
    assert found([*few, *packs(SMALL_BYTES - 1)]).packs == frozenset(range(SMALL_OBJECTS))


def test_kinds_are_not_counted_together_and_keep_their_numbers() -> None:
    mixed = [each for pair in zip(packs(*[10] * 8), indexes(*[20] * 8), strict=True) for each in pair]
    chosen = found(mixed)
    assert (chosen.packs, chosen.indexes) == (frozenset(range(0, 16, 2)), frozenset(range(1, 16, 2)))
    assert found([*packs(*[10] * 7), *indexes(*[10] * 7)]) == NOTHING
    both = [row(kind, 10) for kind in (ObjectKind.COMPACTED_PACK, ObjectKind.RUN_PACK) for _ in range(4)]
    assert len(found(both).packs) == 8


def test_what_is_gone_is_not_chosen_and_not_counted() -> None:
    rows = [GONE, *packs(*[10] * 7), GONE]
    assert found(rows) == NOTHING
    assert found([*rows, *packs(10)]).packs == frozenset({*range(1, 8), 9})


@pytest.mark.parametrize(
    ("named", "live", "expected"),
    [
        (4 * MB, 2 * MB, False),
        (4 * MB + 1, 2 * MB, True),
        (MB + 1, 0, True),
        (MB, 0, False),
        # Much of little is dead, which is not worth a generation.
        (1000, 1, False),
        (0, 0, False),
    ],
)
def test_half_dead_is_what_has_less_than_half_in_use_and_not_little(named: int, live: int, expected: bool) -> None:
    assert is_half_dead(named, live) is expected
    assert found(packs(named), live=live).folds_packs is expected
    assert found(indexes(named), live_index=live).indexes == (frozenset({0}) if expected else frozenset())


def test_indexes_that_are_half_dead_are_all_rewritten() -> None:
    rows = [*packs(5 * MB), *indexes(3 * MB, 10, 2 * MB)]
    chosen = found(rows, live_index=2 * MB)
    assert chosen == Scattered(frozenset(), frozenset({1, 2, 3}), folds_packs=False)


sizes = st.dictionaries(st.integers(0, 40), st.integers(1, MOVED_BYTES), max_size=20)


@given(sizes, st.data())
def test_packs_with_the_most_dead_are_folded_within_what_is_moved(named: dict[int, int], data: st.DataObject) -> None:
    live = {number: data.draw(st.integers(0, size)) for number, size in named.items() if data.draw(st.booleans())}
    chosen = most_dead(named, live)
    half = {number for number, size in named.items() if 2 * live.get(number, 0) < size}
    assert chosen <= half
    assert sum(live.get(number, 0) for number in chosen) <= MOVED_BYTES

    def share(number: int) -> float:
        return live.get(number, 0) / named[number]

    left = half - chosen
    assert all(share(one) <= share(other) for one in chosen for other in left)
    if left:
        # The next one would have been too much.
        following = min(left, key=lambda number: (share(number), number))
        assert sum(live.get(number, 0) for number in chosen | {following}) > MOVED_BYTES


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 2 * MB)), max_size=60), st.integers(0, 100 * MB))
def test_what_is_chosen_is_of_its_kind_and_bounded(drawn: list[Any], live: int) -> None:
    rows = [row(*each) for each in drawn]
    chosen = found(rows, live=live, live_index=live)
    assert all(not rows[number].name.is_index for number in chosen.packs)
    assert all(rows[number].name.is_index for number in chosen.indexes)
    for numbers in (chosen.packs, chosen.indexes):
        assert sum(rows[number].bytes for number in numbers) <= MOVED_BYTES


def test_smallest_come_first_where_not_all_can_be_moved() -> None:
    rows = indexes(*[MOVED_BYTES // 2, MOVED_BYTES // 2 + 1, 10])
    assert found(rows, live_index=0).indexes == frozenset({0, 2})
