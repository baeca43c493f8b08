"""The rows of the audit, and the months they lie in."""

from __future__ import annotations

import pytest
from knowledge.actors import Actor, Author
from knowledge.audit import (
    AuditEntry,
    AuditKind,
    audit_entry_from,
    audit_row,
    changed_settings,
    is_month,
    month_before,
    month_of,
)
from knowledge.limits import AUDIT_KEPT_SECONDS

BY = Actor(Author("4fGh2LmN8pQrS0tV", "nightly"), "4fGh2LmN8pQrS0tV", "req-1", "203.0.113.7", "curl/8")
AT = 1_795_000_000_000


def entry(**more: object) -> AuditEntry:
    given = {"before": {"name": "a"}, "after": {"name": "b"}, **more}
    return AuditEntry("ten_1", AT, AuditKind.SOURCE_UPDATED, BY, {"sourceId": "src_1"}, **given)  # type: ignore[arg-type]


def test_an_entry_is_read_back_as_it_was_written() -> None:
    written = entry(message="why")
    assert audit_entry_from(audit_row(written)) == written


def test_a_row_lies_with_its_tenant_and_month_and_ends_after_400_days() -> None:
    row = audit_row(entry())
    assert row["pk"] == "ten_1#2026-11"
    assert row["sk"].startswith(f"{AT:015d}#aud_")
    assert row["expiresAt"] == AT // 1000 + AUDIT_KEPT_SECONDS


def test_two_changes_of_one_millisecond_are_two_rows() -> None:
    assert audit_row(entry())["sk"] != audit_row(entry())["sk"]


@pytest.mark.parametrize(("month", "before"), [("2026-01", "2025-12"), ("2026-12", "2026-11"), ("2026-10", "2026-09")])
def test_months_go_back(month: str, before: str) -> None:
    assert month_before(month) == before


def test_a_month_is_told_from_other_text() -> None:
    assert is_month(month_of(AT))
    assert not any(map(is_month, ["2026-13", "2026-1", "26-01", "2026-00", "2026-011", ""]))


def test_only_what_differs_is_told() -> None:
    assert changed_settings({"a": 1, "b": 2, "c": None}, {"a": 1, "b": 3, "c": None}) == ({"b": 2}, {"b": 3})
