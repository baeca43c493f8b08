"""What is told of a change of keys: its event, its row in the audit, and notices that are given or taken back."""

from __future__ import annotations

from typing import Any

from knowledge.actors import Actor
from knowledge.audit import AuditEntry, AuditKind, changed_settings, entry_of
from knowledge.events import KEY_CREATED, KEY_REVOKED, KEY_ROTATED, Event
from knowledge.ids import new_id
from knowledge.times import optional_timestamp

from httpapi.keys.ledger import Told
from httpapi.keys.model import Key
from httpapi.keys.notices import all_notices, expiry_notices
from httpapi.keys.rows import settings_told


def tell_creation(key: Key, now: int, by: Actor | None) -> Told:
    """A key was made."""
    recorded = _recorded(AuditKind.KEY_CREATED, key, now, by, after=settings_told(key))
    return Told(_event(KEY_CREATED, key, now), recorded, given=expiry_notices(key, now))


def tell_rotation(previous: Key, new: Key, old: Key, now: int, by: Actor | None) -> Told:
    """A key, `old` as it was and `previous` as it is, was replaced by a new one."""
    event = _event(KEY_ROTATED, old, now, keyId=new.key_id, previousKeyId=old.key_id)
    after = {"newKeyId": new.key_id, "expiresAt": optional_timestamp(previous.spec.expires_at)}
    recorded = _recorded(AuditKind.KEY_ROTATED, old, now, by, after=after)
    return Told(event, recorded, expiry_notices(new, now), all_notices(old))


def tell_change(before: Key, after: Key, now: int, by: Actor | None) -> Told:
    """Settings of a key were changed."""
    was, became = changed_settings(settings_told(before), settings_told(after))
    recorded = _recorded(AuditKind.KEY_UPDATED, before, now, by, before=was, after=became)
    if before.spec.expires_at == after.spec.expires_at:
        return Told(None, recorded)
    return Told(None, recorded, expiry_notices(after, now), all_notices(before))


def tell_revocation(key: Key, now: int, by: Actor | None) -> Told:
    """A key was revoked."""
    recorded = _recorded(AuditKind.KEY_REVOKED, key, now, by)
    return Told(_event(KEY_REVOKED, key, now), recorded, taken_back=all_notices(key))


def _event(event_type: str, key: Key, now: int, **data: str) -> Event:
    data = data or {"keyId": key.key_id}
    return Event(new_id("evt"), event_type, key.tenant_id, None, now, data, key.spec.environment)


def _recorded(kind: AuditKind, key: Key, now: int, by: Actor | None, **settings: Any) -> AuditEntry | None:
    return entry_of(by, kind, key.tenant_id, now, {"keyId": key.key_id}, **settings)
