"""Staged rows and journal entries as attributes, and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from knowledge.index.entries import path_of
from knowledge.staging.model import ItemState
from knowledge.staging.rows import (
    RUN_ATTRIBUTES,
    SLOTS,
    JournalEntry,
    RunRow,
    StagedRow,
    journal_attributes,
    journal_entry_from,
    row_attributes,
    row_from,
    row_key,
    row_keys,
    run_row_from,
)

ids = st.text(min_size=1, max_size=20)
# 0 is a number like any other: a version may be, and a row that names it has one.
numbers = st.integers(0, 2**63 - 1)
optional = st.none() | numbers
rows = st.builds(
    StagedRow,
    ids,
    numbers,
    st.sampled_from(ItemState),
    st.text(),
    st.text(),
    numbers,
    st.binary(max_size=9),
    st.none() | st.binary(max_size=9),
    st.none() | st.binary(max_size=9),
    st.none() | st.text(),
    optional,
    numbers,
    numbers,
    numbers,
    optional,
    optional,
    optional,
)


@given(rows)
def test_row_reads_back(row: StagedRow) -> None:
    assert row_from(row_attributes("src_1", row)) == row


@given(rows)
def test_run_reads_the_same_from_the_attributes_it_asks_for(row: StagedRow) -> None:
    asked = {name: value for name, value in row_attributes("src_1", row).items() if name in RUN_ATTRIBUTES}
    read = run_row_from(asked)
    assert type(read) is RunRow
    assert read == RunRow(**{name: getattr(row, name) for name in RunRow._fields})


@given(ids, st.text(max_size=5))
def test_item_lies_in_the_slot_that_its_path_begins_with(external_item_id: str, source_id: str) -> None:
    key = row_key(source_id, external_item_id)
    slot = key["pk"]["S"].removeprefix(source_id + "#")
    assert slot in SLOTS
    assert path_of(external_item_id).startswith(slot)
    assert key["sk"] == {"S": external_item_id}
    assert row_key(source_id, external_item_id, "7")["pk"] == {"S": f"{source_id}#7"}


@given(st.lists(ids))
def test_keys_of_many_are_those_of_each_in_order(external_item_ids: list[str]) -> None:
    assert row_keys("src_1", external_item_ids) == [row_key("src_1", each) for each in external_item_ids]


@given(st.builds(JournalEntry, ids, numbers, st.lists(st.tuples(ids, numbers)).map(tuple)))
def test_journal_entry_reads_back_and_lies_in_no_slot(entry: JournalEntry) -> None:
    attributes = journal_attributes("src_1", entry)
    assert journal_entry_from(attributes) == entry
    assert attributes["pk"]["S"] not in {f"src_1#{slot}" for slot in SLOTS}
    assert attributes == journal_attributes("src_1", entry)


@given(rows, st.sampled_from(["member", "head"]), st.integers(0, 300_000))
def test_size_of_a_row_is_no_less_than_what_it_holds_of_its_item(row: StagedRow, name: str, size: int) -> None:
    """It bounds how many go into one transaction; a member and a head are never in one row."""
    row = row._replace(**{"member": None, "head": None, name: bytes(size)})
    assert row.size >= len(row.title.encode()) + len(row.external_item_id.encode()) + size
