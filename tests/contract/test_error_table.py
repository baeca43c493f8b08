"""The error table of the published description, row by row, against the code's one table."""

from __future__ import annotations

import textwrap

import pytest
from httpapi import error_table
from httpapi import errors as edge
from knowledge import errors as domain
from knowledge.items.problems import InvalidItemsError
from webhooks.errors import TargetRefusedError

from testing.error_classes import EVERY, OF_TASKS

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
    "precondition_failed": 412,
    "stale_version": 409,
    "removal_guard": 409,
    "run_in_progress": 409,
    "key_disabled": 401,
    "key_suspended": 401,
    "session_ended": 401,
    "link_used": 401,
    "session_limit": 409,
    "last_admin_key": 409,
    "key_inactive": 409,
    "key_rotated": 409,
    "browser_key_not_allowed": 403,
    "origin_not_allowed": 403,
    "request_budget": 429,
    "answer_budget": 429,
    "method_not_allowed": 405,
    "snapshot_open": 409,
    "snapshot_closed": 409,
    "snapshot_incomplete": 409,
    "source_limit": 409,
    "import_limit": 409,
    "import_ended": 409,
    "import_failed": 409,
    "import_too_large": 409,
    "too_many_rejected": 409,
    "import_key_ended": 409,
    "export_limit": 409,
    "export_failed": 409,
    "export_key_ended": 409,
    "webhook_limit": 409,
    "webhook_disabled": 409,
    "webhook_changed": 409,
    "erasure_in_progress": 409,
    "source_active": 409,
    "run_discarded": 409,
    "run_published": 409,
    "publishing_locked": 409,
    "stale_cursor": 409,
    "index_too_large": 503,
    "index_upgrading": 503,
    "index_damaged": 503,
}


# Several classes that a client needs not tell apart. A subclass without a code of its own has its parent's.
SHARED = {
    "validation_error": {
        domain.EmptySnapshotError,
        domain.InvalidPositionError,
        domain.InvalidSearchError,
        InvalidItemsError,
        TargetRefusedError,
        edge.ValidationFailedError,
    },
    "payload_too_large": {edge.PayloadTooLargeError, edge.ResultsTooLargeError},
    "not_found": {domain.NotFoundError, edge.UnknownRouteError},
    "unavailable": {domain.StagingConflictError, domain.ServiceUnavailableError, edge.UnreachableError},
    # The roots have it so that a class without a code says as little as an error that nobody foresaw.
    "internal_error": {domain.KnowledgeError, edge.EdgeError, domain.RunFailedError},
}
each_error = pytest.mark.parametrize("error", EVERY, ids=lambda error: error.__name__)


def test_every_published_row_is_in_the_table_and_nothing_else() -> None:
    assert {code: row.status for code, row in error_table.TABLE.items()} == PUBLISHED | BEYOND


def test_every_code_of_the_table_is_some_class() -> None:
    assert {error.code for error in EVERY} == error_table.TABLE.keys()


@each_error
def test_every_class_has_a_code(error: type[Exception]) -> None:
    roots = {domain.KnowledgeError, domain.ConflictError, edge.EdgeError}
    assert (error.code == "internal_error") == (error in roots | {domain.RunFailedError})


def test_a_code_is_one_class_or_shared_on_purpose() -> None:
    declared: dict[str, set[type[Exception]]] = {}
    for error in EVERY:
        if "code" in vars(error):
            declared.setdefault(error.code, set()).add(error)
    assert {code: classes for code, classes in declared.items() if len(classes) > 1} == SHARED


@pytest.mark.parametrize("error", [each for each in OF_TASKS if issubclass(each, domain.TransientApplyError)])
def test_transient_errors_say_when_to_retry(error: type[Exception]) -> None:
    answer = error_table.answer_for(error())
    assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (409, True)


def test_only_a_failed_build_is_502() -> None:
    assert {code for code, row in error_table.TABLE.items() if row.status == 502} == {"build_failed"}


def test_tree_of_errors_is_drawn_as_it_is() -> None:
    assert f"\n\n{drawn(domain.KnowledgeError)}\n" in str(domain.__doc__)


def drawn(root: type[Exception], indent: str = "") -> str:
    """Draw a class and what is under it in the lifecycle: a parent on a line of its own, then its children."""
    below = [each for each in root.__subclasses__() if each in EVERY and each.__module__.startswith("knowledge.")]
    parents = [each for each in below if each.__subclasses__()]
    leaves = ", ".join(each.__name__ for each in below if each not in parents)
    inner = indent + "    "
    lines = textwrap.wrap(leaves, 100, initial_indent=inner, subsequent_indent=inner)
    return "\n".join([f"{indent}{root.__name__}", *lines, *(drawn(each, inner) for each in parents)])
