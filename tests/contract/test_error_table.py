"""The error table of the published description, row by row, against the code's one table."""

from __future__ import annotations

import pytest
from httpapi import error_table
from httpapi import errors as edge
from knowledge import errors as domain

PUBLISHED = {
    "validation_error": 400,
    "invalid_json": 400,
    "invalid_body": 400,
    "unauthorized": 401,
    "invalid_key": 401,
    "key_expired": 401,
    "key_revoked": 401,
    "insufficient_scope": 403,
    "not_found": 404,
    "idempotency_conflict": 409,
    "idempotency_in_progress": 409,
    "source_inactive": 409,
    "not_apply_eligible": 409,
    "apply_conflict": 409,
    "stale_plan": 409,
    "stale_base": 409,
    "lease_lost": 409,
    "apply_in_progress": 409,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "rate_limited": 429,
    "build_failed": 502,
}
BEYOND = {
    "internal_error": 500,
    "unavailable": 503,
    "stale_version": 409,
    "removal_guard": 409,
    "last_admin_key": 409,
    "key_inactive": 409,
    "key_rotated": 409,
    "method_not_allowed": 405,
    "snapshot_open": 409,
    "snapshot_closed": 409,
    "import_failed": 409,
    "webhook_limit": 409,
    "webhook_disabled": 409,
    "webhook_changed": 409,
}


def test_every_published_row_is_in_the_table_and_nothing_else() -> None:
    assert {row.code: row.status for row in error_table.TABLE.values()} == PUBLISHED | BEYOND


def _subclasses(root: type[Exception]) -> set[type[Exception]]:
    found = set(root.__subclasses__())
    return found.union(*map(_subclasses, found)) if found else found


@pytest.mark.parametrize("error", sorted(_subclasses(domain.KnowledgeError) | _subclasses(edge.EdgeError), key=str))
def test_every_error_has_a_row(error: type[Exception]) -> None:
    assert error is domain.ConflictError or error_table.code_for(error) is not None


@pytest.mark.parametrize(
    "error", sorted({domain.TransientApplyError, *_subclasses(domain.TransientApplyError)}, key=str)
)
def test_transient_errors_say_when_to_retry(error: type[Exception]) -> None:
    answer = error_table.answer_for(error())
    assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (409, True)


def test_only_a_failed_build_is_502() -> None:
    assert {row.code for row in error_table.TABLE.values() if row.status == 502} == {"build_failed"}
