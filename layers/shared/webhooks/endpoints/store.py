"""Endpoints in the Catalog; a tenant has a bounded number of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from knowledge.audit import AuditEntry
from knowledge.environments import Environment
from knowledge.events import Event, event_row
from knowledge.limits import WEBHOOKS
from knowledge.pages import Page
from knowledge.storage.attributes import from_row, to_row
from knowledge.storage.catalog import Action, Catalog, RefusedWriteError
from knowledge.storage.clients import query_rows
from knowledge.storage.transactions import RefusedTransactionError

from webhooks.endpoints.model import Disabling, Endpoint, Secret
from webhooks.endpoints.rows import ENDPOINT, disabling_row, endpoint_from, endpoint_row, endpoint_sk, secret_rows
from webhooks.errors import WebhookChangedError, WebhookLimitError, WebhookNotFoundError

Endpoints = list[Endpoint]

# Counts the endpoints of a tenant, beside them.
_TALLY = "webhooks"
_EXISTS = "attribute_exists(pk)"
_AS_READ = f"{_EXISTS} AND #updatedAt = :read"


@dataclass(frozen=True, slots=True)
class EndpointStore:
    """The endpoints of all tenants."""

    catalog: Catalog

    def create_endpoint(self, endpoint: Endpoint, recorded: AuditEntry | None = None) -> Endpoint:
        """Store a new endpoint; one of that id that is there already is returned as it is.

        Raises WebhookLimitError when the tenant has as many as it may.
        """
        tally = self.catalog.updating(
            endpoint.tenant_id,
            _TALLY,
            "ADD #count :one",
            "attribute_not_exists(#count) OR #count < :most",
            {":one": 1, ":most": WEBHOOKS},
        )
        try:
            row = self.catalog.putting_new(endpoint_row(endpoint))
            self.catalog.transact([row, tally, *self.catalog.recording(recorded)])
        except RefusedTransactionError as error:
            if 0 not in error.failed:
                message = f"A tenant has at most {WEBHOOKS} webhooks. Delete one first."
                raise WebhookLimitError(message) from error
            return self.get_endpoint(endpoint.tenant_id, endpoint.endpoint_id)
        return endpoint

    def find_endpoint(self, tenant_id: str, endpoint_id: str) -> Endpoint | None:
        """Read an endpoint."""
        row = self.catalog.find(tenant_id, endpoint_sk(endpoint_id))
        return endpoint_from(row) if row else None

    def get_endpoint(self, tenant_id: str, endpoint_id: str) -> Endpoint:
        """Read an endpoint. Raises WebhookNotFoundError when the tenant has none of that id."""
        endpoint = self.find_endpoint(tenant_id, endpoint_id)
        if endpoint is None:
            raise WebhookNotFoundError
        return endpoint

    def list_endpoints(self, tenant_id: str, environment: Environment, *, limit: int, position: Any) -> Page[Endpoint]:
        """List a tenant's endpoints of an environment, newest first. Raises InvalidPositionError."""

        def keep(endpoint: Endpoint) -> bool:
            return endpoint.environment is environment

        return self.catalog.list(tenant_id, ENDPOINT, endpoint_from, limit=limit, position=position, keep=keep)

    def list_all(self, tenant_id: str) -> Endpoints:
        """Read every endpoint of a tenant."""
        query = {
            "TableName": self.catalog.table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :kind)",
            "ExpressionAttributeValues": to_row({":pk": tenant_id, ":kind": f"{ENDPOINT}#"}),
            "ConsistentRead": True,
        }
        return [endpoint_from(from_row(row)) for row in query_rows(self.catalog.dynamodb, query)]

    def change_endpoint(
        self,
        endpoint: Endpoint,
        values: Mapping[str, Any],
        *,
        recovers: bool,
        now: int,
        recorded: AuditEntry | None = None,
    ) -> Endpoint:
        """Set what `values` names, None to clear it; `recovers` forgets that it was failing.

        Raises WebhookNotFoundError, WebhookChangedError when it was changed since it was read.
        """
        sets = {
            "updatedAt": max(now, endpoint.updated_at + 1),
            **{name: value for name, value in values.items() if value is not None},
        }
        removes = [name for name, value in values.items() if value is None]
        if recovers:
            removes += ["failures", "failingSince", "probeUntil", "slow"]
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in sets)
        if removes:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in removes)
        given = {f":{name}": value for name, value in sets.items()} | {":read": endpoint.updated_at}
        update = self.catalog.updating(
            endpoint.tenant_id, endpoint_sk(endpoint.endpoint_id), expression, _AS_READ, given
        )
        self._transact(endpoint, [update, *self.catalog.recording(recorded)])
        return self.get_endpoint(endpoint.tenant_id, endpoint.endpoint_id)

    def rotate_secret(
        self,
        endpoint: Endpoint,
        secrets: tuple[Secret, ...],
        token: str | None,
        now: int,
        recorded: AuditEntry | None = None,
    ) -> Endpoint:
        """Replace the secrets, unless another request did it since `endpoint` was read.

        Raises WebhookNotFoundError, WebhookChangedError.
        """
        values = {":secrets": secret_rows(secrets), ":now": now, ":token": token or "", ":before": endpoint.rotated_at}
        unmoved = "attribute_not_exists(rotatedAt)" if endpoint.rotated_at is None else "rotatedAt = :before"
        expression = "SET #secrets = :secrets, rotatedAt = :now, updatedAt = :now, rotationToken = :token"
        update = self.catalog.updating(
            endpoint.tenant_id, endpoint_sk(endpoint.endpoint_id), expression, f"{_EXISTS} AND {unmoved}", values
        )
        self._transact(endpoint, [update, *self.catalog.recording(recorded)])
        return self.get_endpoint(endpoint.tenant_id, endpoint.endpoint_id)

    def _transact(self, endpoint: Endpoint, actions: Sequence[Action]) -> None:
        """Write a change whose first action is of the endpoint. Raises WebhookNotFoundError, WebhookChangedError."""
        try:
            self.catalog.transact(actions)
        except RefusedTransactionError as error:
            self.get_endpoint(endpoint.tenant_id, endpoint.endpoint_id)
            raise WebhookChangedError from error

    def delete_endpoint(self, endpoint: Endpoint, recorded: AuditEntry | None = None) -> None:
        """Delete an endpoint. Raises WebhookNotFoundError when it is gone already."""
        values = {":less": -1, ":none": 0}
        tally = self.catalog.updating(endpoint.tenant_id, _TALLY, "ADD #count :less", "#count > :none", values)
        deletion = self.catalog.deleting(endpoint.tenant_id, endpoint_sk(endpoint.endpoint_id), _EXISTS)
        try:
            self.catalog.transact([deletion, tally, *self.catalog.recording(recorded)])
        except RefusedTransactionError as error:
            raise WebhookNotFoundError from error

    def disable_endpoint(self, endpoint: Endpoint, disabled: Disabling, event: Event) -> None:
        """Disable an endpoint together with the event of it, unless it was changed since it was read."""
        update = self.catalog.updating(
            endpoint.tenant_id,
            endpoint_sk(endpoint.endpoint_id),
            "SET disabled = :disabled, updatedAt = :now",
            "attribute_not_exists(disabled) AND updatedAt = :read",
            {":disabled": disabling_row(disabled), ":now": disabled.at, ":read": endpoint.updated_at},
        )
        # Its owner, or another delivery, was there first.
        with suppress(RefusedTransactionError):
            self.catalog.transact([update, self.catalog.putting_new(event_row(event))])

    def note_failure(self, endpoint: Endpoint, now: int, probe_at: int, *, slow: bool) -> Endpoint | None:
        """Count a failed attempt and let nobody probe before a time; None when the endpoint is gone."""
        sets = "SET failingSince = if_not_exists(failingSince, :now), probeUntil = :probe"
        sets += ", slow = :slow" if slow else " REMOVE slow"
        values = {":now": now, ":one": 1, ":probe": probe_at, **({":slow": True} if slow else {})}
        try:
            return self._update(endpoint, f"{sets} ADD failures :one", _EXISTS, values)
        except WebhookNotFoundError:
            return None

    def note_success(self, endpoint: Endpoint, *, slow: bool) -> None:
        """Forget that an endpoint was failing, and note whether it took long to answer."""
        forgotten = "REMOVE failures, failingSince, probeUntil"
        with suppress(WebhookNotFoundError):
            if slow:
                self._update(endpoint, f"SET slow = :slow {forgotten}", _EXISTS, {":slow": True})
            else:
                self._update(endpoint, f"{forgotten}, slow", _EXISTS, {})

    def _update(self, endpoint: Endpoint, expression: str, condition: str, values: Mapping[str, Any]) -> Endpoint:
        try:
            row = self.catalog.update(
                endpoint.tenant_id, endpoint_sk(endpoint.endpoint_id), expression, condition, values
            )
        except RefusedWriteError as error:
            raise WebhookNotFoundError from error
        return endpoint_from(row)
