"""Roles as sets of scopes."""

from __future__ import annotations

from itertools import pairwise

from httpapi.keys.roles import ROLE_SCOPES, Role
from httpapi.keys.scopes import ALL_SCOPES, Scope


def test_every_role_has_scopes_that_there_are_and_none_twice() -> None:
    assert ROLE_SCOPES.keys() == set(Role)
    for scopes in ROLE_SCOPES.values():
        assert scopes
        assert len(set(scopes)) == len(scopes)
        assert set(scopes) <= set(ALL_SCOPES)


def test_each_role_below_the_owner_has_less() -> None:
    developer, viewer = (set(ROLE_SCOPES[role]) for role in (Role.DEVELOPER, Role.VIEWER))
    for more, less in pairwise((set(ROLE_SCOPES[Role.OWNER]), developer, viewer)):
        assert less < more


def test_who_publishes_manages_keys_or_erases_is_named() -> None:
    having = {
        scope: {role for role, scopes in ROLE_SCOPES.items() if scope in scopes}
        for scope in (Scope.RUNS_APPLY, Scope.KEYS_MANAGE, Scope.CONTENT_ERASE)
    }
    assert having == {
        Scope.RUNS_APPLY: {Role.OWNER, Role.EDITOR},
        Scope.KEYS_MANAGE: {Role.OWNER},
        Scope.CONTENT_ERASE: {Role.OWNER},
    }


def test_a_viewer_changes_nothing() -> None:
    assert all(scope.endswith(":read") for scope in ROLE_SCOPES[Role.VIEWER])
