"""What a run reads of its base beside what the journal names: a slot's entries, and what is due."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.index import trie
from knowledge.index.entries import path_of
from knowledge.runs.published_entries import due_items, entries_under
from knowledge.staging.rows import SLOTS

from tests.support.index_states import IndexStates, entry

NOW, GRACE = 1_700_000_000_000, 86_400_000


@given(st.sets(st.integers(0, 300), min_size=1, max_size=80), st.sampled_from([2, 32]))
def test_slots_make_up_all_entries(numbers: set[int], leaf_entries: int) -> None:
    states = IndexStates()
    model = {f"item-{number}": entry(f"item-{number}") for number in numbers}
    with mock.patch.object(trie, "LEAF_ENTRIES", leaf_entries):
        index = states.open(states.build(dict(model)))
    found = {}
    for slot in SLOTS:
        entries = entries_under(index.trie, slot)
        assert all(path_of(name).startswith(slot) for name in entries)
        assert not entries.keys() & found.keys()
        found |= entries
    assert found == model


times = st.none() | st.integers(NOW - GRACE - 3_000, NOW - GRACE + 3_000) | st.integers(1_000, NOW)


@given(st.lists(times, min_size=1, max_size=60), st.sampled_from([0, GRACE]), st.sampled_from([2, 32]))
def test_due_items_are_those_whose_grace_is_over(removals: list[int | None], grace: int, leaf_entries: int) -> None:
    """Also in states that were built one on another, in whose blocks some removals are older than others."""
    states, base, due = IndexStates(), None, set()
    with mock.patch.object(trie, "LEAF_ENTRIES", leaf_entries):
        for number, removed_at in enumerate(removals):
            if number % 20 == 0 or number == len(removals) - 1:
                batch = {f"item-{at}": entry(f"item-{at}", removed_at=removals[at]) for at in range(number + 1)}
                base = states.build(batch, base=base)
            if removed_at is not None and (grace == 0 or removed_at + grace <= NOW):
                due.add(f"item-{number}")
    assert base is not None
    found = list(due_items(states.open(base).trie, NOW, grace))
    assert sorted(found) == sorted(due)


@pytest.mark.parametrize(("at", "leaves"), [(NOW - GRACE, 1), (NOW, 0), (None, 0)])
def test_only_leaves_that_hold_what_may_be_due_are_read(at: int | None, leaves: int) -> None:
    states = IndexStates()
    base = states.build({f"item-{number}": entry(f"item-{number}") for number in range(3_000)})
    built = states.build({"item-7": entry("item-7", removed_at=at)}, base=base)
    index = states.open(built)
    read = trie.Trie.read_columns
    with mock.patch.object(trie.Trie, "read_columns", autospec=True, side_effect=read) as reads:
        assert list(due_items(index.trie, NOW, GRACE)) == ["item-7"] * leaves
    assert sum(len(call.args[1]) for call in reads.mock_calls) == leaves
