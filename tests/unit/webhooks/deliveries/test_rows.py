"""Deliveries as rows, and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from knowledge.storage.attributes import from_row, to_row
from knowledge.times import MS_PER_DAY
from webhooks.deliveries.model import Attempt, Delivery, DeliveryState
from webhooks.deliveries.rows import delivery_from, delivery_row, ttl_after

numbers = st.integers(0, 10**14)
texts = st.text(min_size=1)
attempts = st.builds(
    Attempt, numbers, st.none() | st.integers(100, 599), numbers, st.text(max_size=20), st.none() | texts
)
deliveries = st.builds(
    Delivery,
    tenant_id=texts,
    endpoint_id=texts,
    delivery_id=texts,
    event_id=texts,
    event_type=texts,
    source_id=st.none() | texts,
    payload=st.text(),
    state=st.sampled_from(DeliveryState),
    created_at=numbers,
    next_attempt_at=st.none() | numbers,
    tries=numbers,
    attempts=st.lists(attempts, max_size=3).map(tuple),
    failure=st.none() | texts,
    remind_at=st.none() | numbers,
)


@given(deliveries)
def test_delivery_reads_back(delivery: Delivery) -> None:
    assert delivery_from(from_row(to_row(delivery_row(delivery)))) == delivery


@given(deliveries)
def test_only_what_the_sweep_reminds_of_is_in_its_index(delivery: Delivery) -> None:
    indexed = {"waiting", "remindAt"} & to_row(delivery_row(delivery)).keys()
    assert len(indexed) == (0 if delivery.remind_at is None else 2)


@given(numbers)
def test_row_stays_for_30_days_and_no_second_longer(at: int) -> None:
    assert 0 <= at + 30 * MS_PER_DAY - 1000 * ttl_after(at) < 1000
