"""Deliveries and their attempts as values. Times are ms since 1970 (UTC)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class DeliveryState(StrEnum):
    """`pending` has attempts to come, `delivered` was answered with 2xx, `failed` has been given up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST and what came back: a status, or the failure for which there is none. `snippet` is 1 KB at most."""

    at: int
    status: int | None
    latency_ms: int
    snippet: str
    failure: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint.

    `payload` is the body, the same at each attempt. `tries` counts the attempts of the present round; a redelivery
    begins a new one. `failure` says why a delivery was given up. `remind_at` is when the sweep sends a message for it;
    None for one that still has its first message, or has no attempts to come.
    """

    tenant_id: str
    endpoint_id: str
    delivery_id: str
    event_id: str
    event_type: str
    source_id: str | None
    payload: str = field(repr=False)
    state: DeliveryState
    created_at: int
    next_attempt_at: int | None
    tries: int = 0
    attempts: tuple[Attempt, ...] = ()
    failure: str | None = None
    remind_at: int | None = None

    @property
    def pending(self) -> bool:
        """Whether there are attempts to come."""
        return self.state is DeliveryState.PENDING

    @property
    def is_test(self) -> bool:
        """Whether the tenant asked for it: it goes to a disabled endpoint too, and says nothing about its health."""
        return self.event_type == WEBHOOK_TEST


WEBHOOK_TEST = "webhook.test"
