"""Signing in with a key and out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from knowledge.actors import Actor
from knowledge.errors import ServiceUnavailableError
from knowledge.limits import KEY_SESSIONS, RETRY_KNOWN_MS, SIGN_IN_LINK_MS
from knowledge.pages import Page

from httpapi.errors import InvalidKeyError, LinkUsedError
from httpapi.key_errors import SessionLimitError, SessionNotFoundError
from httpapi.keys import tokens
from httpapi.keys.issuing import Creation, IssuedKey, issue_session
from httpapi.keys.ledger import IdTakenError, KeyChangedError, KeyLedger, KeyWrite
from httpapi.keys.model import Key, KeyStatus, Session
from httpapi.keys.rules import check_usable
from httpapi.keys.sessions import SessionWish, check_may_begin, narrowed, open_sessions, part_of
from httpapi.keys.store import KeyStore
from httpapi.keys.telling import tell_session, tell_session_end

# How often a session is decided anew because its key was changed meanwhile.
_TRIES = 8


class SessionService:
    """Begins, lists and ends the portal sessions of keys, and makes links that begin one.

    A session is a `Key` that has a `session`.
    """

    def __init__(self, store: KeyStore, ledger: KeyLedger, clock: Callable[[], int]) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock

    def begin_session(
        self, by: Key, wish: SessionWish, creation: Creation | None = None, *, actor: Actor | None = None
    ) -> IssuedKey:
        """Begin a session of a key, as the key is when the session is stored; a sign-in link is used up by it.

        A retry whose first attempt crashed after that finds the session, and gives it a secret that is known.

        Raises InsufficientScopeError, LinkUsedError, SessionLimitError, and what `check_usable` raises.
        """
        check_may_begin(by)
        return self._store_part(by, part_of(by, wish), creation, actor, link=False)

    def make_link(
        self, by: Key, wish: SessionWish, creation: Creation | None = None, *, actor: Actor | None = None
    ) -> IssuedKey:
        """Make a link that begins a session of a key, once, within `SIGN_IN_LINK_MS`.

        Raises InsufficientScopeError, SessionLimitError, and what `check_usable` raises.
        """
        return self._store_part(by, part_of(by, wish), creation, actor, link=True)

    def _store_part(
        self, by: Key, part: SessionWish, creation: Creation | None, actor: Actor | None, *, link: bool
    ) -> IssuedKey:
        attempt = creation
        for _ in range(_TRIES):
            now = self._clock()
            key = self._store.find_key(by.key_id)
            if key is None:
                raise InvalidKeyError
            check_usable(key, now)
            session_id, token = (attempt.key_id, attempt.token) if attempt else (tokens.new_key_id(), None)
            spec = narrowed(key, part, SIGN_IN_LINK_MS if link else part.lasts_ms, now)
            session = Session(session_id, part.name or key.spec.name, part.role, now, part.lasts_ms if link else None)
            issued = issue_session(key, spec, session)
            if attempt and attempt.key_id in key.sessions:
                found = self._reissue(issued, attempt, now)
                if found:
                    return found
                attempt = None  # The id belongs to an older request, so this one makes one of its own.
                continue
            opened = self._without_link(by, open_sessions(key, now))
            after = replace(key, sessions={**opened, session_id: spec.expires_at or now})
            told = tell_session(issued.key, now, actor)
            try:
                self._ledger.write(KeyWrite(((key, after),), session=issued.key, creation_token=token, told=told))
            except KeyChangedError:
                continue
            except IdTakenError:
                attempt = None
            else:
                return issued
        raise ServiceUnavailableError

    @staticmethod
    def _without_link(by: Key, opened: dict[str, int]) -> dict[str, int]:
        """Take the link out that a session is begun with. Raises LinkUsedError, SessionLimitError."""
        if by.is_link and opened.pop(by.holder_id, None) is None:
            raise LinkUsedError
        if len(opened) >= KEY_SESSIONS:
            raise SessionLimitError
        return opened

    def list_sessions(self, tenant_id: str, *, limit: int, position: Any, keep: Callable[[Key], bool]) -> Page[Key]:
        """Read a page of those of a tenant's open sessions that `keep` lets through, oldest first."""
        now = self._clock()
        return self._store.list_sessions(
            tenant_id, limit=limit, position=position, keep=lambda session: _is_open(session, now) and keep(session)
        )

    def get_session(self, tenant_id: str, session_id: str, keep: Callable[[Key], bool]) -> Key:
        """Read a session that is open. Raises SessionNotFoundError, also for what `keep` does not let through."""
        session = self._store.find_session(session_id) if tokens.is_key_id(session_id) else None
        if session is None or session.tenant_id != tenant_id or not _is_open(session, self._clock()):
            raise SessionNotFoundError
        if not keep(session):
            raise SessionNotFoundError
        return session

    def end_session(
        self, tenant_id: str, session_id: str, keep: Callable[[Key], bool], *, by: Actor | None = None
    ) -> Key:
        """End a session, and return it as it was; the next request with it is refused.

        Raises SessionNotFoundError, as `get_session` does.
        """
        for _ in range(_TRIES):
            session = self.get_session(tenant_id, session_id, keep)
            key = self._store.find_key(session.key_id)
            if key is None or session_id not in key.sessions:
                continue  # Its key ended it between the two reads.
            left = {each: ends for each, ends in key.sessions.items() if each != session_id}
            now = self._clock()
            told = tell_session_end(key, session_id, now, by)
            try:
                self._ledger.write(KeyWrite(((key, replace(key, sessions=left)),), told=told))
            except KeyChangedError:
                continue
            return replace(session, revoked_at=now)
        raise ServiceUnavailableError

    def _reissue(self, issued: IssuedKey, attempt: Creation, now: int) -> IssuedKey | None:
        """Give the session that an earlier attempt of this request began a secret that is known; None if it is none."""
        if not self._store.replace_secret(issued.key, attempt.token, now - RETRY_KNOWN_MS):
            return None
        found = self._store.find_session(attempt.key_id)
        return None if found is None else IssuedKey(found, issued.token)


def _is_open(session: Key, now: int) -> bool:
    return not session.is_link and session.status(now) is KeyStatus.ACTIVE
