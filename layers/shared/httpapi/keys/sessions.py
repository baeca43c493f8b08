"""Portal sessions: what one may have of its key, and what ends those of a key. Pure.

A session is a short-lived part of a key. It has nothing that its key has not, and is counted with it; nobody is asked
anything of the key when it is used, so whatever takes something from a key ends its sessions in the same transaction:

    revoked, disabled, rotated without overlap       all end
    loses a scope or a source, or has less to spend  all end: who is signed in signs in again, with what is left
    expires earlier, rotated with an overlap         those end that would outlive it

The key's row names its open sessions, and each that is begun changes it. So one that is begun while the key is being
narrowed makes one of the two be decided anew.

A sign-in link is kept, counted and ended as a session is. Beginning one with it takes it out of the key's row and puts
the session in, so it is used once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from knowledge.limits import MAX_SESSION_SECONDS

from httpapi.errors import InsufficientScopeError
from httpapi.keys.model import Key, KeySpec
from httpapi.keys.roles import ROLE_SCOPES, Role
from httpapi.keys.scopes import Scope

_NO_SESSIONS_OF_SESSIONS = "A session can't begin another one. Use the API key that it was begun with."
_MORE_THAN_THE_KEY = "A session can't have more than the API key that it is begun with: {}."


@dataclass(frozen=True, slots=True)
class SessionWish:
    """What a session is to be; None for as much as the key has. A role gives what it has in common with the key."""

    name: str | None = None
    role: Role | None = None
    scopes: tuple[Scope, ...] | None = None
    source_ids: tuple[str, ...] | None = None
    lasts_ms: int = MAX_SESSION_SECONDS * 1000


def check_may_begin(by: Key) -> None:
    """A session begins no other one; a key does, and a sign-in link. Raises InsufficientScopeError."""
    if by.session is not None and not by.is_link:
        raise InsufficientScopeError(_NO_SESSIONS_OF_SESSIONS)


def part_of(by: Key, wish: SessionWish) -> SessionWish:
    """Say what a session is to be of what somebody has. Raises InsufficientScopeError when it is to have more."""
    beyond = set(wish.scopes or ()) - set(by.spec.scopes)
    if beyond:
        raise InsufficientScopeError(_MORE_THAN_THE_KEY.format(f"it lacks the scope {min(beyond)}"))
    if not all(by.may_see(source_id) for source_id in wish.source_ids or ()):
        raise InsufficientScopeError(_MORE_THAN_THE_KEY.format("it does not reach each of those sources"))
    named = None if wish.role is None else ROLE_SCOPES[wish.role]
    scopes = wish.scopes or tuple(scope for scope in by.spec.scopes if named is None or scope in named)
    if not scopes:
        raise InsufficientScopeError(_MORE_THAN_THE_KEY.format(f"it has no scope of the role {wish.role}"))
    link = by.session
    return SessionWish(
        name=wish.name or by.author.name,
        role=link.role if link and wish.role is None and wish.scopes is None else wish.role,
        scopes=scopes,
        source_ids=wish.source_ids or by.spec.source_ids,
        lasts_ms=wish.lasts_ms if link is None or link.lasts_ms is None else min(wish.lasts_ms, link.lasts_ms),
    )


def narrowed(key: Key, part: SessionWish, lasts_ms: int, now: int) -> KeySpec:
    """Say what a part of a key is, for so long. Raises InsufficientScopeError when it is more than the key."""
    part = part_of(key, part)
    ends = now + lasts_ms
    return replace(
        key.spec,
        scopes=part.scopes or (),
        source_ids=part.source_ids,
        expires_at=ends if key.spec.expires_at is None else min(ends, key.spec.expires_at),
    )


def open_sessions(key: Key, now: int) -> dict[str, int]:
    """The sessions of a key that have not ended by themselves, with the time at which each does."""
    return {session_id: ends for session_id, ends in key.sessions.items() if ends > now}


def with_its_sessions(before: Key, after: Key, now: int) -> Key:
    """Say which sessions a key keeps when it is changed."""
    kept: Mapping[str, int] = {}
    if not _takes_away(before, after):
        last = after.spec.expires_at
        kept = {each: ends for each, ends in open_sessions(before, now).items() if last is None or ends <= last}
    return replace(after, sessions=kept)


def _takes_away(before: Key, after: Key) -> bool:
    """Tell whether a change takes anything from a key but time."""
    old, new = before.spec, after.spec
    return (
        after.revoked_at is not None
        or after.disabled_at is not None
        or not set(old.scopes) <= set(new.scopes)
        or not before.is_within(new.source_ids)
        or new.rate_limit_per_minute < old.rate_limit_per_minute
        or _is_less(new.requests_per_day, old.requests_per_day)
        or _is_less(new.answers_per_day, old.answers_per_day)
    )


def _is_less(budget: int | None, was: int | None) -> bool:
    return budget is not None and (was is None or budget < was)
