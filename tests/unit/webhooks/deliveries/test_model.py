"""What a delivery tells of itself."""

from __future__ import annotations

import pytest
from webhooks.deliveries.model import WEBHOOK_TEST, Delivery, DeliveryState


def delivery(state: DeliveryState, event_type: str = "run.ready") -> Delivery:
    return Delivery("ten_1", "whk_1", "dlv_1", "evt_1", event_type, None, "the body", state, 1, None)


@pytest.mark.parametrize("state", DeliveryState)
def test_only_what_is_pending_has_attempts_to_come(state: DeliveryState) -> None:
    assert delivery(state).pending is (state is DeliveryState.PENDING)


def test_test_is_told_from_an_event() -> None:
    assert delivery(DeliveryState.PENDING, WEBHOOK_TEST).is_test
    assert not delivery(DeliveryState.PENDING).is_test


def test_body_is_not_in_what_may_be_logged() -> None:
    assert "the body" not in repr(delivery(DeliveryState.PENDING))
