"""Events as rows of the outbox."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from knowledge.events import UNRELAYED, Event, event_from, event_key, event_row
from knowledge.ids import new_id
from knowledge.storage.attributes import from_row, to_row

data = st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.dictionaries(st.text(), st.integers()))
texts = st.text(min_size=1)


@given(st.builds(Event, texts, texts, texts, st.none() | texts, st.integers(0, 2**53), data))
def test_event_reads_back_from_its_stored_row(event: Event) -> None:
    assert event_from(from_row(to_row(event_row(event)))) == event


def event(source_id: str | None, event_id: str = "evt_1", **changed: Any) -> Event:
    return Event(event_id, "run.ready", "ten_1", source_id, 5, changed)


def test_event_lies_with_its_source_or_with_the_tenant_it_concerns() -> None:
    assert event_key(event("src_1")) == ("src_1", "event#evt_1")
    assert event_key(event(None)) == ("ten_1", "event#evt_1")
    row = event_row(event(None))
    assert (row["pk"], row["sk"]) == event_key(event(None))


def test_row_is_written_the_same_again_by_whoever_tries_again() -> None:
    assert event_row(event("src_1", a=1)) == event_row(event("src_1", a=1))


def test_waiting_events_are_spread_over_all_partitions_that_the_relay_looks_into() -> None:
    found = [event_row(event("src_1", new_id("evt")))["unrelayed"] for _ in range(800)]
    assert set(found) == set(UNRELAYED)
    # An even share is 100.
    assert max(map(found.count, UNRELAYED)) < 200
