"""How errors are answered: the one table from their codes to a status, and when to come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge.errors import KnowledgeError, PreconditionFailedError, ServiceUnavailableError
from knowledge.items.problems import InvalidItemsError
from knowledge.storage.clients import translated
from webhooks.errors import TargetRefusedError

from httpapi.entity_tags import written
from httpapi.errors import EdgeError, InvalidJsonError, UnreachableError, ValidationFailedError

INTERNAL_MESSAGE = "Something went wrong on our side. Retry the request; if it fails again, send us the X-Request-Id."


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """How a code is answered."""

    status: int
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error as it goes out. `known` is False for one that nobody foresaw."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    known: bool = True


TABLE: dict[str, ErrorRow] = {
    "validation_error": ErrorRow(400),
    "invalid_json": ErrorRow(400),
    "invalid_body": ErrorRow(400),
    "unauthorized": ErrorRow(401),
    "invalid_key": ErrorRow(401),
    "key_expired": ErrorRow(401),
    "key_revoked": ErrorRow(401),
    "key_disabled": ErrorRow(401),
    "key_suspended": ErrorRow(401),
    "session_ended": ErrorRow(401),
    "link_used": ErrorRow(401),
    "insufficient_scope": ErrorRow(403),
    "browser_key_not_allowed": ErrorRow(403),
    "origin_not_allowed": ErrorRow(403),
    "not_found": ErrorRow(404),
    "method_not_allowed": ErrorRow(405),
    "idempotency_conflict": ErrorRow(409),
    # Its Retry-After comes with the error: for how long the first request may still be alive.
    "idempotency_in_progress": ErrorRow(409),
    "last_admin_key": ErrorRow(409),
    "session_limit": ErrorRow(409),
    "key_inactive": ErrorRow(409),
    "key_rotated": ErrorRow(409),
    "source_inactive": ErrorRow(409),
    "source_active": ErrorRow(409),
    "snapshot_open": ErrorRow(409),
    "snapshot_closed": ErrorRow(409),
    "snapshot_incomplete": ErrorRow(409),
    "source_limit": ErrorRow(409),
    "import_limit": ErrorRow(409),
    "import_ended": ErrorRow(409),
    "export_limit": ErrorRow(409),
    # No request is answered with these: an export shows them as what ended it.
    "export_failed": ErrorRow(409),
    "export_key_ended": ErrorRow(409),
    # No request is answered with these: an import shows them as what ended it.
    "import_failed": ErrorRow(409),
    "import_too_large": ErrorRow(409),
    "too_many_rejected": ErrorRow(409),
    "import_key_ended": ErrorRow(409),
    "stale_version": ErrorRow(409),
    "precondition_failed": ErrorRow(412),
    "run_discarded": ErrorRow(409),
    "run_published": ErrorRow(409),
    "not_apply_eligible": ErrorRow(409),
    "removal_guard": ErrorRow(409),
    "publishing_locked": ErrorRow(409),
    "erasure_in_progress": ErrorRow(409, 60),
    "run_in_progress": ErrorRow(409, 5),
    "apply_in_progress": ErrorRow(409, 5),
    "stale_cursor": ErrorRow(409),
    "stale_base": ErrorRow(409, 1),
    "stale_plan": ErrorRow(409, 1),
    "lease_lost": ErrorRow(409, 1),
    "apply_conflict": ErrorRow(409, 1),
    "webhook_limit": ErrorRow(409),
    "webhook_disabled": ErrorRow(409),
    "webhook_changed": ErrorRow(409),
    "payload_too_large": ErrorRow(413),
    "unsupported_media_type": ErrorRow(415),
    # Its Retry-After is published and comes with the error.
    "rate_limited": ErrorRow(429),
    # Theirs is the time until midnight, and comes with them.
    "request_budget": ErrorRow(429),
    "answer_budget": ErrorRow(429),
    "internal_error": ErrorRow(500),
    "build_failed": ErrorRow(502),
    "unavailable": ErrorRow(503, 1),
    # Nothing that passes by itself.
    "index_too_large": ErrorRow(503),
    "index_damaged": ErrorRow(503),
    "index_upgrading": ErrorRow(503, 60),
}


def answer_for(error: Exception) -> ErrorAnswer:
    """Say how an error is answered. One that is none of ours says nothing about itself."""
    error = _translated(error)
    if not isinstance(error, KnowledgeError | EdgeError):
        return ErrorAnswer(500, {"error": INTERNAL_MESSAGE, "code": "internal_error"}, known=False)
    row = TABLE[error.code]
    body: dict[str, Any] = {"error": str(error), "code": error.code}
    details = _details(error)
    if details:
        body["details"] = details
    headers = dict(error.headers) if isinstance(error, EdgeError) else {}
    if isinstance(error, PreconditionFailedError) and error.revision is not None:
        headers["ETag"] = written(error.revision)
    if row.retry_after_seconds is not None:
        headers.setdefault("Retry-After", str(row.retry_after_seconds))
    return ErrorAnswer(row.status, body, headers)


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
    if isinstance(error, ValidationFailedError | InvalidJsonError | UnreachableError):
        return error.details
    if isinstance(error, InvalidItemsError):
        return [problem.as_detail() for problem in error.problems]
    if isinstance(error, TargetRefusedError):
        return [{"path": "url", "message": str(error)}]
    return []
