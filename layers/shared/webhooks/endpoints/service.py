"""Managing endpoints: creating, reading, changing, deleting, and rotating their secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from knowledge.actors import Actor, author_of
from knowledge.audit import AuditEntry, AuditKind, changed_settings, entry_of
from knowledge.earlier_tries import find_earlier
from knowledge.environments import Environment
from knowledge.limits import RETRY_KNOWN_MS, SIGNING_SECRETS
from knowledge.pages import Page
from knowledge.ports import Clock
from knowledge.storage.clients import backoff
from knowledge.unset import UNSET, Unset

from webhooks.endpoints.model import DisabledReason, Disabling, Endpoint, EventType, Secret
from webhooks.endpoints.rows import disabling_row, settings_told
from webhooks.endpoints.secrets import EndpointSecrets
from webhooks.endpoints.store import EndpointStore
from webhooks.errors import WebhookChangedError
from webhooks.sending.signing import new_secret

# How often a change is decided anew because another changed the endpoint meanwhile.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Issued:
    """An endpoint, and its newest secret in clear, to be shown once."""

    endpoint: Endpoint
    secret: str


@dataclass(frozen=True, slots=True)
class EndpointService:
    """What can be done with endpoints. `check_url` raises TargetRefusedError for a target that may not be called."""

    store: EndpointStore
    secrets: EndpointSecrets
    check_url: Callable[[str], None]
    clock: Clock

    def create_endpoint(
        self,
        tenant_id: str,
        *,
        url: str,
        description: str | None,
        event_types: tuple[EventType, ...] | None,
        source_ids: tuple[str, ...] | None,
        enabled: bool,
        endpoint_id: str,
        earlier_id: str | None = None,
        environment: Environment = Environment.LIVE,
        by: Actor | None = None,
    ) -> Issued:
        """Create an endpoint; a repeated creation finds the first one, with the same secret.

        So does one of the day before, `earlier_id`, within 24 hours.

        Raises WebhookLimitError when the tenant has too many.
        """
        now = self.clock()
        for known_id in (endpoint_id, earlier_id):
            known = find_earlier(
                known_id, partial(self.store.get_endpoint, tenant_id), lambda made: made.created_at, now
            )
            if known is not None:
                return self._issued(known)
        self.check_url(url)
        endpoint = Endpoint(
            tenant_id=tenant_id,
            endpoint_id=endpoint_id,
            url=url,
            description=description,
            event_types=event_types,
            source_ids=source_ids,
            disabled=None if enabled else Disabling(DisabledReason.BY_TENANT, now),
            secrets=(Secret(self.secrets.seal_secret(new_secret(), tenant_id, endpoint_id)),),
            created_at=now,
            updated_at=now,
            created_by=author_of(by),
            environment=environment,
        )
        recorded = _recorded(AuditKind.WEBHOOK_CREATED, endpoint, now, by, after=settings_told(endpoint))
        return self._issued(self.store.create_endpoint(endpoint, recorded))

    def list_endpoints(self, tenant_id: str, environment: Environment, *, limit: int, position: Any) -> Page[Endpoint]:
        """List a tenant's endpoints of an environment, newest first. Raises InvalidPositionError."""
        return self.store.list_endpoints(tenant_id, environment, limit=limit, position=position)

    def get_endpoint(self, tenant_id: str, endpoint_id: str) -> Endpoint:
        """Read an endpoint. Raises WebhookNotFoundError."""
        return self.store.get_endpoint(tenant_id, endpoint_id)

    def update_endpoint(
        self,
        tenant_id: str,
        endpoint_id: str,
        *,
        url: str | None = None,
        enabled: bool | None = None,
        description: str | Unset | None = UNSET,
        event_types: tuple[EventType, ...] | Unset | None = UNSET,
        source_ids: tuple[str, ...] | Unset | None = UNSET,
        by: Actor | None = None,
    ) -> Endpoint:
        """Change what is given. A new URL, or enabling it, forgets that the endpoint was failing.

        Raises WebhookNotFoundError, WebhookChangedError when others keep changing it.
        """
        given = {"description": description, "eventTypes": event_types, "sourceIds": source_ids}
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not UNSET}
        for attempt in range(_TRIES):
            try:
                return self._change(tenant_id, endpoint_id, dict(values), url, enabled, by)
            except WebhookChangedError:
                backoff(attempt)
        raise WebhookChangedError

    def _change(
        self,
        tenant_id: str,
        endpoint_id: str,
        values: dict[str, Any],
        url: str | None,
        enabled: bool | None,
        by: Actor | None,
    ) -> Endpoint:
        now = self.clock()
        endpoint = self.store.get_endpoint(tenant_id, endpoint_id)
        moved = url not in (None, endpoint.url)
        if url is not None and moved:
            self.check_url(url)
            values["url"] = url
        if enabled:
            values["disabled"] = None
        elif enabled is False and endpoint.disabled is None:
            values["disabled"] = disabling_row(Disabling(DisabledReason.BY_TENANT, now))
        was, became = changed_settings(settings_told(endpoint), _told(values))
        recorded = _recorded(AuditKind.WEBHOOK_UPDATED, endpoint, now, by, before=was, after=became) if became else None
        return self.store.change_endpoint(endpoint, values, recovers=moved or bool(enabled), now=now, recorded=recorded)

    def delete_endpoint(self, tenant_id: str, endpoint_id: str, *, by: Actor | None = None) -> Endpoint:
        """Delete an endpoint; what is on its way to it is dropped. Raises WebhookNotFoundError."""
        endpoint = self.store.get_endpoint(tenant_id, endpoint_id)
        was = settings_told(endpoint)
        recorded = _recorded(AuditKind.WEBHOOK_DELETED, endpoint, self.clock(), by, before=was)
        self.store.delete_endpoint(endpoint, recorded)
        return endpoint

    def rotate_secret(
        self, tenant_id: str, endpoint_id: str, overlap_ms: int, token: str | None, *, by: Actor | None = None
    ) -> Issued:
        """Make a new secret; the ones before it sign beside it for `overlap_ms` at most.

        `token` names the request: its retry within 24 hours finds the secret that the first try made.
        Raises WebhookNotFoundError, and WebhookChangedError when another request rotates at the same time.
        """
        now = self.clock()
        endpoint = self.store.get_endpoint(tenant_id, endpoint_id)
        rotated_at = endpoint.rotated_at
        if token is not None and endpoint.rotation_token == token and (rotated_at or 0) > now - RETRY_KNOWN_MS:
            return self._issued(endpoint)
        new = Secret(self.secrets.seal_secret(new_secret(), tenant_id, endpoint_id))
        until = now + overlap_ms
        before = (
            replace(secret, expires_at=until if secret.expires_at is None else min(secret.expires_at, until))
            for secret in endpoint.signing(now)
        )
        kept = tuple(secret for secret in before if overlap_ms)[: SIGNING_SECRETS - 1]
        # Its time tells one rotation from the next, so it has to move.
        at = now if rotated_at is None else max(now, rotated_at + 1)
        recorded = _recorded(AuditKind.WEBHOOK_SECRET_ROTATED, endpoint, now, by)
        return self._issued(self.store.rotate_secret(endpoint, (new, *kept), token, at, recorded))

    def _issued(self, endpoint: Endpoint) -> Issued:
        newest = endpoint.secrets[0]
        return Issued(endpoint, self.secrets.unseal_secret(newest.sealed, endpoint.tenant_id, endpoint.endpoint_id))


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that are set, as the audit has them."""
    told = {"events" if name == "eventTypes" else name: value for name, value in values.items()}
    if "disabled" in told:
        told["enabled"] = told.pop("disabled") is None
    return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}


def _recorded(
    kind: AuditKind,
    endpoint: Endpoint,
    now: int,
    by: Actor | None,
    **settings: Any,
) -> AuditEntry | None:
    return entry_of(by, kind, endpoint.tenant_id, now, {"webhookId": endpoint.endpoint_id}, **settings)
