"""What keys may be used for."""

from __future__ import annotations

from httpapi.keys.scopes import ALL_SCOPES, DEFAULT_SCOPES, Scope


def test_what_reaches_far_has_to_be_asked_for() -> None:
    asked_for = {Scope.KEYS_MANAGE, Scope.ANSWERS_MANAGE, Scope.AUDIT_READ, Scope.CONTENT_ERASE}
    assert set(DEFAULT_SCOPES) == set(ALL_SCOPES) - asked_for
