"""What an endpoint hears of, and what signs for it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.events import Event
from webhooks.endpoints.model import Endpoint, EventType, Secret

NOW = 1_795_000_000_000


def endpoint(**changed: Any) -> Endpoint:
    fields: dict[str, Any] = {
        "tenant_id": "ten_1",
        "endpoint_id": "whk_1",
        "url": "https://example.com/",
        "description": None,
        "event_types": None,
        "source_ids": None,
        "disabled": None,
        "secrets": (),
        "created_at": 1,
        "updated_at": 1,
    }
    return Endpoint(**(fields | changed))


@pytest.mark.parametrize(
    ("event_types", "source_ids", "wanted"),
    [
        (None, None, {"run.ready of src_1", "run.failed of src_2", "key.revoked of None"}),
        ((EventType.RUN_READY,), None, {"run.ready of src_1"}),
        (None, ("src_2",), {"run.failed of src_2"}),
        # What concerns no source is not of one of its sources.
        ((EventType.KEY_REVOKED,), ("src_1",), set()),
        ((EventType.KEY_REVOKED,), None, {"key.revoked of None"}),
        # None stands for all, and an empty choice for nothing.
        ((), None, set()),
        (None, (), set()),
    ],
)
def test_endpoint_hears_of_what_it_asked_for(event_types: Any, source_ids: Any, wanted: set[str]) -> None:
    told = [("run.ready", "src_1"), ("run.failed", "src_2"), ("key.revoked", None)]
    events = [Event("evt_1", kind, "ten_1", source_id, 5, {}) for kind, source_id in told]
    listening = endpoint(event_types=event_types, source_ids=source_ids)
    heard = {f"{event.event_type} of {event.source_id}" for event in events if listening.wants(event)}
    assert heard == wanted


@given(st.lists(st.none() | st.integers(NOW - 5, NOW + 5), max_size=5))
def test_secret_signs_up_to_the_moment_at_which_it_expires(expiries: list[int | None]) -> None:
    secrets = tuple(Secret(f"{place}".encode(), at) for place, at in enumerate(expiries))
    signing = endpoint(secrets=secrets).signing(NOW)
    assert [each.expires_at for each in signing] == [at for at in expiries if at is None or at > NOW]
    assert list(signing) == sorted(signing, key=lambda secret: secret.sealed)


def test_endpoint_is_paced_that_is_slow_or_failed_five_times_in_a_row() -> None:
    assert [endpoint(failures=failures).paced for failures in (0, 4, 5, 6)] == [False, False, True, True]
    assert endpoint(slow=True).paced


def test_sealed_secret_is_not_in_what_may_be_logged() -> None:
    assert "sealed-bytes" not in repr(endpoint(secrets=(Secret(b"sealed-bytes"),)))
