"""What people are to a tenant: names for sets of scopes. Pure."""

from __future__ import annotations

from enum import StrEnum

from httpapi.keys.scopes import ALL_SCOPES, Scope


class Role(StrEnum):
    """What somebody is, who signs in."""

    OWNER = "owner"
    DEVELOPER = "developer"
    EDITOR = "editor"
    VIEWER = "viewer"


# A developer does all but publish, manage keys and erase. Whoever manages keys is the tenant's administrator, since a
# key may be given any scope.
_OWNERS = (Scope.RUNS_APPLY, Scope.KEYS_MANAGE, Scope.CONTENT_ERASE)
_LOOKS = (Scope.SOURCES_READ, Scope.SEARCH_READ, Scope.ANSWERS_READ)
ROLE_SCOPES: dict[Role, tuple[Scope, ...]] = {
    Role.OWNER: ALL_SCOPES,
    Role.DEVELOPER: tuple(scope for scope in Scope if scope not in _OWNERS),
    Role.EDITOR: (
        *_LOOKS,
        Scope.ITEMS_READ,
        Scope.ITEMS_WRITE,
        Scope.RUNS_READ,
        Scope.RUNS_WRITE,
        Scope.RUNS_APPLY,
    ),
    Role.VIEWER: tuple(scope for scope in Scope if scope.endswith(":read")),
}
