"""Who is asking: from the Authorization header to a key that may be used."""

from __future__ import annotations

from collections.abc import Callable

from knowledge.errors import ServiceUnavailableError
from knowledge.limits import LAST_USED_STEP_MS

from httpapi.errors import InvalidKeyError, LinkUsedError, SessionEndedError, UnauthorizedError
from httpapi.keys import tokens
from httpapi.keys.model import Key
from httpapi.keys.rules import check_usable
from httpapi.keys.store import KeyStore
from httpapi.requests import HttpRequest


class Authenticator:
    """Finds the key of a request; revocation and expiry act on the next request, so nothing is cached."""

    def __init__(self, store: KeyStore, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock

    def identify_key(self, request: HttpRequest) -> Key:
        """Return the key whose secret a request carries, whether it may be used or not, or what a session has of one.

        Raises UnauthorizedError, InvalidKeyError, SessionEndedError, LinkUsedError.
        """
        token = tokens.parse(_bearer(request))
        # The row of a session or link goes with it, so one that ended can't be told from one that never was.
        absent = SessionEndedError if token.of_session else LinkUsedError if token.of_link else InvalidKeyError
        find = self._store.find_key if absent is InvalidKeyError else self._store.find_session
        key = find(token.key_id)
        if key is None or not token.matches(key.secret_hash):
            raise absent
        return key

    def admit_key(self, key: Key) -> None:
        """Let a key in that may be used, and note that it is. Only who holds its secret comes here, and is told why.

        Raises KeyExpiredError, KeyRevokedError, KeyDisabledError, KeySuspendedError, SessionEndedError, LinkUsedError.
        """
        now = self._clock()
        check_usable(key, now)
        self._note_use(key, now)

    def _note_use(self, key: Key, now: int) -> None:
        unless_after = now - LAST_USED_STEP_MS
        if key.last_used_at is not None and key.last_used_at >= unless_after:
            return
        try:
            self._store.note_use(key.holder_id, now, unless_after)
        except ServiceUnavailableError:
            return  # The time of last use is a courtesy: no request fails for it.


def _bearer(request: HttpRequest) -> str:
    values = request.headers.get("authorization", [])
    if len(values) != 1:
        raise UnauthorizedError
    scheme, _, credentials = values[0].strip().partition(" ")
    if scheme.lower() != "bearer" or not credentials.strip():
        raise UnauthorizedError
    return credentials.strip()
