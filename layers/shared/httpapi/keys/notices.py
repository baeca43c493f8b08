"""Notices that a key is about to expire: events that are written with the key, and are due later.

They lie in the index of what is still to be relayed under the time at which they are due. So the sweep, which asks it
for what lies before now, relays each in its turn, and nobody has to look for keys that are about to expire. Whatever
ends a key, or moves its end, takes them back in its own transaction. Their ids follow from the key, so what is to be
taken back is known without a read. Pure.
"""

from __future__ import annotations

import hashlib

from knowledge.events import KEY_EXPIRING, Event
from knowledge.ids import encode_ulid
from knowledge.limits import KEY_EXPIRING_DAYS
from knowledge.times import MS_PER_DAY, timestamp

from httpapi.keys.model import Key


def expiry_notices(key: Key, now: int) -> list[Event]:
    """The notices of a key that are still to come: 14 days and 1 day before it expires."""
    return [notice for notice in all_notices(key) if notice.occurred_at > now]


def all_notices(key: Key) -> list[Event]:
    """Every notice that a key may have, whether it was sent or not."""
    expires_at = key.spec.expires_at
    if expires_at is None:
        return []
    return [_notice(key, expires_at, days) for days in KEY_EXPIRING_DAYS]


def _notice(key: Key, expires_at: int, days: int) -> Event:
    digest = hashlib.sha256(f"notice\0{key.key_id}\0{expires_at}\0{days}".encode()).digest()
    event_id = f"evt_{encode_ulid(int.from_bytes(digest[:16], 'big'))}"
    data = {"keyId": key.key_id, "expiresAt": timestamp(expires_at), "days": days}
    return Event(
        event_id, KEY_EXPIRING, key.tenant_id, None, expires_at - days * MS_PER_DAY, data, key.spec.environment
    )
