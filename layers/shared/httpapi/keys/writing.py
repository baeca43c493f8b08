"""Writing what may raise a tenant's sum of limits: room is made when it is wanted, so that no other request pays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from knowledge.errors import ServiceUnavailableError

from httpapi.errors import invalid_field
from httpapi.keys.ledger import KeyChangedError, KeyLedger, KeyWrite, SumRefusedError
from httpapi.keys.shares import release_share
from httpapi.keys.store import KeyStore

# Another request may take the room that was made, or make it first.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class KeyWriter:
    """Writes keys, and takes out of the sum what those that ended still hold of it."""

    store: KeyStore
    ledger: KeyLedger
    clock: Callable[[], int]

    def write(self, wanted: KeyWrite) -> None:
        """Write what may raise the tenant's sum; while there is no room, take out what keys that ended hold of it.

        Raises ValidationFailedError when there is no room, and what `KeyLedger.write` raises.
        """
        for _ in range(_TRIES):
            try:
                self.ledger.write(wanted)
            except SumRefusedError as error:
                if not self._free(wanted.tenant_id, wanted.figures.limit):
                    rule = f"the limits of all live keys may add up to {self.ledger.tenant_limit} a minute"
                    message = f"{rule}, where one that ended counts for two minutes more: revoke a key, or ask for less"
                    raise invalid_field("rateLimitPerMinute", message) from error
            else:
                return
        raise ServiceUnavailableError

    def _free(self, tenant_id: str, wanted: int) -> bool:
        """Take out of the tenant's sum what may leave it, as far as is needed; False if there is nothing."""
        freed = 0
        found = False
        now = self.clock()
        for key in self.store.keys_with_leaving_shares(tenant_id, now):
            found = True
            with suppress(KeyChangedError):
                released = release_share(key, now)
                self.ledger.write(KeyWrite(((key, released),)))
                freed += key.share - released.share
            if freed >= wanted:
                break
        return found
