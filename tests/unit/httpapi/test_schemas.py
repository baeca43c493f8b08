"""Request models and rendering."""

from __future__ import annotations

from typing import Any

import pytest
from httpapi.errors import ValidationFailedError
from httpapi.keys.scopes import DEFAULT_SCOPES, Scope
from httpapi.schemas.audit import AuditQuery
from httpapi.schemas.fields import ListQuery, body_of, read_query
from httpapi.schemas.keys import CreateKeyRequest
from httpapi.schemas.sources import CreateSourceRequest, UpdateSourceRequest
from knowledge.times import timestamp

NOW = 1_795_000_000_000


def test_times_are_iso_8601_with_milliseconds() -> None:
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"
    assert timestamp(1_795_000_000_007) == "2026-11-18T11:06:40.007Z"


def test_a_key_has_the_default_scopes_unless_it_names_some() -> None:
    assert body_of(CreateKeyRequest)({"name": "k"}).spec(NOW).scopes == DEFAULT_SCOPES


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("2030-01-01T00:00:00Z", 1_893_456_000_000), ("2030-01-01T02:00:00.5+02:00", 1_893_456_000_500)],
)
def test_expiry_is_read_with_its_offset(text: str, milliseconds: int) -> None:
    assert body_of(CreateKeyRequest)({"name": "k", "expiresAt": text}).spec(NOW).expires_at == milliseconds


def test_named_twice_counts_once() -> None:
    body = {"name": "k", "scopes": ["items:read", "items:read"]}
    assert body_of(CreateKeyRequest)(body).spec(NOW).scopes == (Scope.ITEMS_READ,)


def test_guard_without_bounds_is_none() -> None:
    assert body_of(CreateSourceRequest)({"name": "s", "removalGuard": {}}).removal_guard.guard() is None


def test_absent_and_null_guard_differ_in_an_update() -> None:
    read = body_of(UpdateSourceRequest)
    assert "removal_guard" not in read({}).model_fields_set
    assert "removal_guard" in read({"removalGuard": None}).model_fields_set


@pytest.mark.parametrize("query", [{"limit": ["1", "2"]}, {"limit": ["٣"]}, {"limit": ["1.0"]}, {"limit": ["-1"]}])
def test_query_is_read_strictly(query: dict[str, Any]) -> None:
    with pytest.raises(ValidationFailedError):
        read_query(ListQuery, query)


def test_unknown_parameter_is_refused_with_the_likely_one() -> None:
    with pytest.raises(ValidationFailedError) as caught:
        read_query(ListQuery, {"utm_source": ["x", "y"], "Limit": ["7"]})
    assert caught.value.details == [
        {"path": "Limit", "message": "is not a parameter of this operation; did you mean limit?"},
        {"path": "utm_source", "message": "is not a parameter of this operation"},
    ]


@pytest.mark.parametrize("since", ["2027-01-31T12:00:00 02:00", "2027-01-31T12:00:00.5 0200"])
def test_offset_whose_plus_became_a_space_is_told(since: str) -> None:
    with pytest.raises(ValidationFailedError) as caught:
        read_query(AuditQuery, {"since": [since]})
    assert caught.value.details == [
        {"path": "since", "message": "must be a time with its offset; in a query, a + is written as %2B"}
    ]


@pytest.mark.parametrize("since", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+00:01"])
def test_time_that_is_of_no_year_in_utc_is_refused(since: str) -> None:
    with pytest.raises(ValidationFailedError) as caught:
        read_query(AuditQuery, {"since": [since]})
    assert caught.value.details == [{"path": "since", "message": "must be of the years 1 to 9999 in UTC"}]


@pytest.mark.parametrize("since", ["9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00"])
def test_time_at_the_ends_of_the_years_is_read(since: str) -> None:
    assert isinstance(read_query(AuditQuery, {"since": [since]}).since, int)
