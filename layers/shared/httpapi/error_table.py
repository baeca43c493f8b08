"""The one table from errors to what a client sees: a status, a code, and when to come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge import errors as domain
from knowledge.errors import ServiceUnavailableError
from knowledge.items.problems import InvalidItemsError
from knowledge.storage.clients import translated
from webhooks import errors as webhooks

from httpapi import errors as edge

INTERNAL_MESSAGE = "Something went wrong on our side. Retry the request; if it fails again, send us the X-Request-Id."


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """How one class of errors, and its subclasses without a row of their own, is answered."""

    status: int
    code: str
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error as it goes out. `known` is False for one that nobody foresaw."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    known: bool = True


TABLE: dict[type[Exception], ErrorRow] = {
    edge.ValidationFailedError: ErrorRow(400, "validation_error"),
    InvalidItemsError: ErrorRow(400, "validation_error"),
    domain.InvalidPositionError: ErrorRow(400, "validation_error"),
    webhooks.TargetRefusedError: ErrorRow(400, "validation_error"),
    domain.EmptySnapshotError: ErrorRow(400, "validation_error"),
    edge.InvalidJsonError: ErrorRow(400, "invalid_json"),
    edge.InvalidBodyError: ErrorRow(400, "invalid_body"),
    edge.UnauthorizedError: ErrorRow(401, "unauthorized"),
    edge.InvalidKeyError: ErrorRow(401, "invalid_key"),
    edge.KeyExpiredError: ErrorRow(401, "key_expired"),
    edge.KeyRevokedError: ErrorRow(401, "key_revoked"),
    edge.InsufficientScopeError: ErrorRow(403, "insufficient_scope"),
    edge.UnknownRouteError: ErrorRow(404, "not_found"),
    domain.NotFoundError: ErrorRow(404, "not_found"),
    edge.MethodNotAllowedError: ErrorRow(405, "method_not_allowed"),
    edge.IdempotencyConflictError: ErrorRow(409, "idempotency_conflict"),
    # Its Retry-After comes with the error: for how long the first request may still be alive.
    edge.IdempotencyInProgressError: ErrorRow(409, "idempotency_in_progress"),
    edge.LastAdminKeyError: ErrorRow(409, "last_admin_key"),
    edge.KeyInactiveError: ErrorRow(409, "key_inactive"),
    edge.KeyRotatedError: ErrorRow(409, "key_rotated"),
    domain.SourceInactiveError: ErrorRow(409, "source_inactive"),
    domain.SnapshotOpenError: ErrorRow(409, "snapshot_open"),
    domain.SnapshotClosedError: ErrorRow(409, "snapshot_closed"),
    # No request is answered with it: an import shows it as what ended it.
    domain.ImportFailedError: ErrorRow(409, "import_failed"),
    domain.StaleVersionError: ErrorRow(409, "stale_version"),
    domain.NotApplyEligibleError: ErrorRow(409, "not_apply_eligible"),
    domain.RemovalGuardError: ErrorRow(409, "removal_guard"),
    domain.ApplyInProgressError: ErrorRow(409, "apply_in_progress", 5),
    domain.StaleBaseError: ErrorRow(409, "stale_base", 1),
    domain.StalePlanError: ErrorRow(409, "stale_plan", 1),
    domain.LeaseLostError: ErrorRow(409, "lease_lost", 1),
    domain.TransientApplyError: ErrorRow(409, "apply_conflict", 1),
    webhooks.WebhookLimitError: ErrorRow(409, "webhook_limit"),
    webhooks.WebhookDisabledError: ErrorRow(409, "webhook_disabled"),
    webhooks.WebhookChangedError: ErrorRow(409, "webhook_changed"),
    edge.PayloadTooLargeError: ErrorRow(413, "payload_too_large"),
    edge.UnsupportedMediaTypeError: ErrorRow(415, "unsupported_media_type"),
    # Its Retry-After is published and comes with the error.
    edge.RateLimitedError: ErrorRow(429, "rate_limited"),
    domain.RunFailedError: ErrorRow(500, "internal_error"),
    domain.BuildFailedError: ErrorRow(502, "build_failed"),
    domain.StagingConflictError: ErrorRow(503, "unavailable", 1),
    domain.ServiceUnavailableError: ErrorRow(503, "unavailable", 1),
}


def answer_for(error: Exception) -> ErrorAnswer:
    """Say how an error is answered. What is not in the table says nothing about itself."""
    error = _translated(error)
    row = _row_of(type(error))
    if row is None:
        return ErrorAnswer(500, {"error": INTERNAL_MESSAGE, "code": "internal_error"}, known=False)
    body: dict[str, Any] = {"error": str(error), "code": row.code}
    details = _details(error)
    if details:
        body["details"] = details
    headers = dict(error.headers) if isinstance(error, edge.EdgeError) else {}
    if row.retry_after_seconds is not None:
        headers.setdefault("Retry-After", str(row.retry_after_seconds))
    return ErrorAnswer(row.status, body, headers)


def code_for(error_class: type[Exception]) -> str | None:
    """Find the code of a class of errors, without an instance of it."""
    row = _row_of(error_class)
    return row.code if row else None


def _row_of(error_class: type[Exception]) -> ErrorRow | None:
    return next((TABLE[ancestor] for ancestor in error_class.__mro__ if ancestor in TABLE), None)


def _translated(error: Exception) -> Exception:
    """Turn a throttle that no store expected into the error it would have become in one."""

    def leak() -> None:
        with translated():
            raise error

    try:
        leak()
    except ServiceUnavailableError as unavailable:
        return unavailable
    except Exception:
        return error
    return error


def _details(error: Exception) -> list[Mapping[str, Any]]:
    if isinstance(error, edge.ValidationFailedError):
        return error.details
    if isinstance(error, InvalidItemsError):
        return [problem.as_detail() for problem in error.problems]
    if isinstance(error, webhooks.TargetRefusedError):
        return [{"path": "url", "message": str(error)}]
    return []
