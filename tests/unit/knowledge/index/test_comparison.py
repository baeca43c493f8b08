"""What differs between two states, whatever the shapes of their tries, and from wherever a walk is taken up again."""

from __future__ import annotations

from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from knowledge.index import comparison, trie
from knowledge.index.comparison import Comparison, Difference
from knowledge.index.entries import Entries, path_of
from knowledge.index.manifest import BuiltIndex
from knowledge.index.walking import Position
from knowledge.model import ChangeKind, Counts

from tests.support.index_states import IndexStates, entry

# Ids that crowd under a few pairs of digits, so that few of them make deep tries.
NAMES = [name for name in map("item-{}".format, range(3000)) if path_of(name)[:2] in {"00", "01", "4f", "f0"}][:40]


def expected(before: Entries, after: Entries) -> dict[str, ChangeKind]:
    """The definition, item by item."""
    kinds: dict[str, ChangeKind] = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old is None:
            kinds[name] = ChangeKind.ADDED
        elif new is None:
            kinds[name] = ChangeKind.TOMBSTONED
        elif old.content_hash != new.content_hash:
            kinds[name] = ChangeKind.UPDATED
        elif old.removed_at != new.removed_at:
            kinds[name] = ChangeKind.REMOVED if new.removed_at is not None else ChangeKind.RESTORED
    return kinds


served = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(st.sampled_from("12"), st.none() | st.just(7_000), st.integers(0, 1))
).map(lambda found: {name: entry(name, *each) for name, each in found.items()})
leaf_sizes = st.sampled_from([1, 2, 8, 32])


def built(states: IndexStates, entries: Entries, leaf_entries: int) -> BuiltIndex:
    """A state whose leaves hold up to so many entries."""
    with mock.patch.object(trie, "LEAF_ENTRIES", leaf_entries):
        return states.build(dict(entries))


def compared(states: IndexStates, before: BuiltIndex, after: BuiltIndex) -> Comparison:
    return Comparison(states.open(before), states.open(after))


@given(served.filter(bool), served.filter(bool), leaf_sizes, leaf_sizes)
def test_differences_are_those_of_the_sets_whatever_the_shapes_and_from_wherever_one_goes_on(
    before: Entries, after: Entries, before_size: int, after_size: int
) -> None:
    states = IndexStates()
    one, two = built(states, before, before_size), built(states, after, after_size)
    with mock.patch.object(comparison, "_REGIONS_AT_A_TIME", 2):
        walk = list(compared(states, one, two).differences())
        found = [step for step in walk if isinstance(step, Difference)]
        assert {each.external_item_id: each.kind for each in found} == expected(before, after)
        assert all((each.before, each.after) == pair_of(each, before, after) for each in found)
        assert len(found) == len({each.external_item_id for each in found})
        for place, step in enumerate(walk):
            at = step if isinstance(step, Position) else Position(step.path, step.external_item_id)
            rest = [each for each in compared(states, one, two).differences(at) if isinstance(each, Difference)]
            assert rest == [each for each in walk[place + 1 :] if isinstance(each, Difference)]


def pair_of(found: Difference, before: Entries, after: Entries) -> tuple[object, object]:
    return before.get(found.external_item_id), after.get(found.external_item_id)


@given(served.filter(bool), served, st.sampled_from([1, 2, 32]))
def test_state_built_on_another_differs_from_it_as_the_sets_do(before: Entries, after: Entries, size: int) -> None:
    states = IndexStates()
    one = built(states, before, size)
    with mock.patch.object(trie, "LEAF_ENTRIES", size):
        two = states.build({**dict.fromkeys(before), **after}, base=one)
    found = [each for each in compared(states, one, two).differences() if isinstance(each, Difference)]
    assert {each.external_item_id: each.kind for each in found} == expected(before, after)


@given(served.filter(bool), leaf_sizes)
def test_state_that_is_the_same_is_not_read(entries: Entries, size: int) -> None:
    states = IndexStates()
    one = built(states, entries, size)
    comparing = compared(states, one, one)
    states.bucket.reads.clear()
    assert list(comparing.differences()) == []
    assert states.bucket.reads == []


def test_what_a_later_state_left_where_it_was_is_not_read_though_it_is_in_grace() -> None:
    """The time of a removal is in no hash; what lies at the same place is the same all the same."""
    states = IndexStates()
    one = states.build({name: entry(name, removed_at=5_000) for name in map("item-{}".format, range(3_000))})
    two = states.build({"item-7": entry("item-7", removed_at=6_000)}, base=one)
    read_columns = trie.Trie.read_columns
    with mock.patch.object(trie.Trie, "read_columns", autospec=True, side_effect=read_columns) as reads:
        (found,) = compared(states, one, two).differences()
    assert isinstance(found, Difference)
    assert (found.external_item_id, found.kind) == ("item-7", ChangeKind.REMOVED)
    assert sum(len(call.args[1]) for call in reads.mock_calls) == 2


def test_contents_that_only_lie_elsewhere_are_not_read_but_for_grace() -> None:
    """A compaction moves contents; the time of a removal is in no hash, so what is in grace has to be looked at."""
    states = IndexStates()
    plain, moved = (states.build({"a": entry("a", pack=pack)}) for pack in (0, 1))
    comparing = compared(states, plain, moved)
    states.bucket.reads.clear()
    assert list(comparing.differences()) == []
    assert states.bucket.reads == []
    removed = states.build({"a": entry("a", removed_at=5_000)})
    (found,) = compared(states, plain, removed).differences()
    assert isinstance(found, Difference)
    assert found.kind is ChangeKind.REMOVED


@given(served.filter(bool), served.filter(bool))
def test_counts_sum_up_the_differences(before: Entries, after: Entries) -> None:
    states = IndexStates()
    one, two = built(states, before, 2), built(states, after, 32)
    kinds = list(expected(before, after).values())
    counts = compared(states, one, two).counts(lambda: None)
    assert counts == Counts.of({kind: kinds.count(kind) for kind in ChangeKind}, len(before))
    assert counts.total == len(after)


@given(served.filter(bool))
def test_all_of_a_state_is_added_to_nothing_and_dropped_for_it(entries: Entries) -> None:
    states = IndexStates()
    index = states.open(built(states, entries, 2))
    for kind, comparing in (
        (ChangeKind.ADDED, Comparison(None, index)),
        (ChangeKind.TOMBSTONED, Comparison(index, None)),
    ):
        found = [each for each in comparing.differences() if isinstance(each, Difference)]
        assert {each.external_item_id: each.kind for each in found} == dict.fromkeys(entries, kind)
