"""What keys may be used for. Pure."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """What a key may be used for."""

    KEYS_MANAGE = "keys:manage"
    SOURCES_READ = "sources:read"
    SOURCES_WRITE = "sources:write"
    ITEMS_READ = "items:read"
    ITEMS_WRITE = "items:write"
    RUNS_READ = "runs:read"
    RUNS_WRITE = "runs:write"
    RUNS_APPLY = "runs:apply"
    SEARCH_READ = "search:read"
    ANSWERS_READ = "answers:read"
    ANSWERS_MANAGE = "answers:manage"
    WEBHOOKS_MANAGE = "webhooks:manage"
    AUDIT_READ = "audit:read"
    CONTENT_ERASE = "content:erase"


ALL_SCOPES = tuple(Scope)
# What nobody gets without asking: making keys, reading who did what from where or who asked what, and what can't be
# undone.
_ASKED_FOR = (Scope.KEYS_MANAGE, Scope.ANSWERS_MANAGE, Scope.AUDIT_READ, Scope.CONTENT_ERASE)
DEFAULT_SCOPES = tuple(scope for scope in Scope if scope not in _ASKED_FOR)
