"""Managing endpoints: creating, reading, changing, deleting, and rotating their secrets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from knowledge.earlier_tries import find_earlier
from knowledge.limits import RETRY_KNOWN_MS, SIGNING_SECRETS
from knowledge.pages import Page
from knowledge.ports import Clock
from knowledge.unset import UNSET, Unset

from webhooks.endpoints.model import DisabledReason, Disabling, Endpoint, EventType, Secret
from webhooks.endpoints.rows import disabling_row
from webhooks.endpoints.secrets import EndpointSecrets
from webhooks.endpoints.store import EndpointStore
from webhooks.sending.signing import new_secret

"""How many secrets sign at once when an endpoint is rotated again and again; the oldest go first."""


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
        )
        return self._issued(self.store.create_endpoint(endpoint))

    def list_endpoints(self, tenant_id: str, *, limit: int, position: Any) -> Page[Endpoint]:
        """List a tenant's endpoints, newest first. Raises InvalidPositionError."""
        return self.store.list_endpoints(tenant_id, limit=limit, position=position)

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
    ) -> Endpoint:
        """Change what is given. A new URL, or enabling it, forgets that the endpoint was failing."""
        now = self.clock()
        endpoint = self.store.get_endpoint(tenant_id, endpoint_id)
        given: dict[str, Any] = {"description": description, "eventTypes": event_types, "sourceIds": source_ids}
        values = {name: value for name, value in given.items() if value is not UNSET}
        moved = url not in (None, endpoint.url)
        if url is not None and moved:
            self.check_url(url)
            values["url"] = url
        if enabled:
            values["disabled"] = None
        elif enabled is False and endpoint.disabled is None:
            values["disabled"] = disabling_row(Disabling(DisabledReason.BY_TENANT, now))
        return self.store.change_endpoint(endpoint, values, recovers=moved or bool(enabled), now=now)

    def delete_endpoint(self, tenant_id: str, endpoint_id: str) -> Endpoint:
        """Delete an endpoint; what is on its way to it is dropped. Raises WebhookNotFoundError."""
        endpoint = self.store.get_endpoint(tenant_id, endpoint_id)
        self.store.delete_endpoint(endpoint)
        return endpoint

    def rotate_secret(self, tenant_id: str, endpoint_id: str, overlap_ms: int, token: str | None) -> Issued:
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
        return self._issued(self.store.rotate_secret(endpoint, (new, *kept), token, at))

    def _issued(self, endpoint: Endpoint) -> Issued:
        newest = endpoint.secrets[0]
        return Issued(endpoint, self.secrets.unseal_secret(newest.sealed, endpoint.tenant_id, endpoint.endpoint_id))
