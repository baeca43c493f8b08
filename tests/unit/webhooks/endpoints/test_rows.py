"""Endpoints as rows, and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from knowledge.storage.attributes import from_row, to_row
from webhooks.endpoints.model import DisabledReason, Disabling, Endpoint, EventType, Secret
from webhooks.endpoints.rows import endpoint_from, endpoint_row

numbers = st.integers(0, 10**14)
texts = st.text(min_size=1)
endpoints = st.builds(
    Endpoint,
    tenant_id=texts,
    endpoint_id=texts,
    url=texts,
    description=st.none() | st.text(),
    # None stands for all: an empty choice must not come back as it.
    event_types=st.none() | st.lists(st.sampled_from(EventType), max_size=3).map(tuple),
    source_ids=st.none() | st.lists(texts, max_size=3).map(tuple),
    disabled=st.none() | st.builds(Disabling, st.sampled_from(DisabledReason), numbers),
    secrets=st.lists(st.builds(Secret, st.binary(), st.none() | numbers), max_size=2).map(tuple),
    created_at=numbers,
    updated_at=numbers,
)


@given(endpoints)
def test_new_endpoint_reads_back_with_a_clean_record(endpoint: Endpoint) -> None:
    assert endpoint_from(from_row(to_row(endpoint_row(endpoint)))) == endpoint


@given(endpoints, numbers, numbers, texts)
def test_what_is_written_later_reads_back(endpoint: Endpoint, failures: int, at: int, token: str) -> None:
    later = {"failures": failures, "failingSince": at, "rotatedAt": at, "rotationToken": token}
    paced = {"probeUntil": at, "slow": True}
    read = endpoint_from(from_row(to_row(endpoint_row(endpoint) | later | paced)))
    assert (read.probe_at, read.slow) == (at, True)
    assert (read.failures, read.failing_since, read.rotated_at, read.rotation_token) == (failures, at, at, token)
