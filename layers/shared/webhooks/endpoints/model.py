"""Endpoints, deliveries and attempts, and the rules about them that need nothing from outside. Times are ms."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from knowledge import events
from knowledge.actors import Author
from knowledge.environments import Environment
from knowledge.events import Event

FAILURES_BEFORE_PROBING = 5


class EventType(StrEnum):
    """What an endpoint can ask to be told of."""

    RUN_READY = events.RUN_READY
    RUN_FAILED = events.RUN_FAILED
    GENERATION_PUBLISHED = events.GENERATION_PUBLISHED
    ERASURE_COMPLETED = events.ERASURE_COMPLETED
    IMPORT_COMPLETED = events.IMPORT_COMPLETED
    IMPORT_FAILED = events.IMPORT_FAILED
    EXPORT_COMPLETED = events.EXPORT_COMPLETED
    EXPORT_FAILED = events.EXPORT_FAILED
    SOURCE_ARCHIVED = events.SOURCE_ARCHIVED
    SOURCE_DELETED = events.SOURCE_DELETED
    KEY_CREATED = events.KEY_CREATED
    KEY_EXPIRING = events.KEY_EXPIRING
    KEY_ROTATED = events.KEY_ROTATED
    KEY_REVOKED = events.KEY_REVOKED
    BUDGET_REACHED = events.BUDGET_REACHED
    WEBHOOK_DISABLED = events.WEBHOOK_DISABLED


class DisabledReason(StrEnum):
    """Why an endpoint is disabled: its owner did it, its receiver said 410, or it failed for days."""

    BY_TENANT = "by_tenant"
    GONE = "gone"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Secret:
    """A sealed signing secret; one that was replaced signs until `expires_at`."""

    sealed: bytes = field(repr=False)
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Disabling:
    """Why and when an endpoint was disabled."""

    reason: DisabledReason
    at: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a tenant wants to be told of its events.

    `event_types` and `source_ids` None stand for all. `secrets` has the newest first. `failures` counts the attempts
    that failed since the last that did not, and `failing_since` is when the first of them did. `rotation_token` names
    the request that made the newest secret, so that its retry finds it. `probe_at` is when a failing one may be asked
    again, and `slow` that its last answer took long.
    """

    tenant_id: str
    endpoint_id: str
    url: str
    description: str | None
    event_types: tuple[EventType, ...] | None
    source_ids: tuple[str, ...] | None
    disabled: Disabling | None
    secrets: tuple[Secret, ...]
    created_at: int
    updated_at: int
    rotated_at: int | None = None
    rotation_token: str | None = None
    failures: int = 0
    failing_since: int | None = None
    probe_at: int | None = None
    slow: bool = False
    created_by: Author | None = None
    environment: Environment = Environment.LIVE

    @property
    def paced(self) -> bool:
        """Whether it gets one attempt at a time: it keeps failing, or answers slowly."""
        return self.slow or self.failures >= FAILURES_BEFORE_PROBING

    def wants(self, event: Event) -> bool:
        """Tell whether an event is one to deliver here; an endpoint for some sources hears of nothing but theirs."""
        return (self.event_types is None or event.event_type in self.event_types) and (
            self.source_ids is None or event.source_id in self.source_ids
        )

    def signing(self, now: int) -> tuple[Secret, ...]:
        """The secrets that sign at a time, newest first."""
        return tuple(secret for secret in self.secrets if secret.expires_at is None or secret.expires_at > now)
