"""New keys with their texts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from knowledge.actors import Actor, author_of

from httpapi.keys import tokens
from httpapi.keys.model import Key, KeySpec, Session
from httpapi.keys.shares import begin_share


@dataclass(frozen=True, slots=True)
class Creation:
    """The request a key is made by: the id that follows from its Idempotency-Key, and a hash of all of it."""

    key_id: str
    token: str


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key with its text, which is shown once and never stored."""

    key: Key
    token: tokens.Token


@dataclass(frozen=True, slots=True)
class Rotation:
    """A new key, and the old one as it is now."""

    issued: IssuedKey
    previous: Key


def issue_key(
    tenant_id: str, spec: KeySpec, key_id: str, now: int, *, replaces: Key | None = None, by: Actor | None = None
) -> IssuedKey:
    """Make a key, with a share of its own unless it `replaces` another one, which hands on its."""
    token = tokens.mint(spec.environment, key_id, spec.kind)
    key = Key(key_id, tenant_id, spec, token.hash(), created_at=now, created_by=author_of(by))
    if replaces is None:
        return IssuedKey(begin_share(key), token)
    return IssuedKey(replace(key, line=replaces.line_id, rotated_from=replaces.key_id), token)


def issue_session(key: Key, spec: KeySpec, session: Session) -> IssuedKey:
    """Make a session of a key, or a link that begins one, which has of it what `spec` says."""
    mint = tokens.mint_session if session.lasts_ms is None else tokens.mint_link
    token = mint(spec.environment, session.session_id)
    issued = Key(key.key_id, key.tenant_id, spec, token.hash(), key.created_at, line=key.line, session=session)
    return IssuedKey(issued, token)
