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
from httpapi.keys.rows import session_told, settings_told


def tell_creation(key: Key, now: int, by: Actor | None) -> Told:
    """A key was made."""
    recorded = _recorded(AuditKind.KEY_CREATED, key, now, by, after=settings_told(key))
    return Told(_event(KEY_CREATED, key, now), recorded, given=expiry_notices(key, now))


def tell_rotation(previous: Key, new: Key, old: Key, now: int, by: Actor | None) -> Told:
    """A key, `old` as it was and `previous` as it is, was replaced by a new one."""
    event = _event(KEY_ROTATED, old, now, keyId=new.key_id, previousKeyId=old.key_id)
    after = {"newKeyId": new.key_id, "expiresAt": optional_timestamp(previous.spec.expires_at)}
    recorded = _recorded(AuditKind.KEY_ROTATED, old, now, by, previous, after=after)
    return Told(event, recorded, expiry_notices(new, now), all_notices(old))


def tell_change(before: Key, after: Key, now: int, by: Actor | None) -> Told:
    """Settings of a key were changed."""
    was, became = changed_settings(settings_told(before), settings_told(after))
    recorded = _recorded(AuditKind.KEY_UPDATED, before, now, by, after, before=was, after=became)
    if before.spec.expires_at == after.spec.expires_at:
        return Told(None, recorded)
    return Told(None, recorded, expiry_notices(after, now), all_notices(before))


def tell_revocation(key: Key, revoked: Key, now: int, by: Actor | None) -> Told:
    """A key was revoked."""
    recorded = _recorded(AuditKind.KEY_REVOKED, key, now, by, revoked)
    return Told(_event(KEY_REVOKED, key, now), recorded, taken_back=all_notices(key))


def _event(event_type: str, key: Key, now: int, **data: str) -> Event:
    data = data or {"keyId": key.key_id}
    return Event(new_id("evt"), event_type, key.tenant_id, None, now, data, key.spec.environment)


def tell_session(session: Key, now: int, by: Actor | None) -> Told:
    """A session was begun, or a link made that begins one."""
    kind = AuditKind.SIGN_IN_LINK_CREATED if session.is_link else AuditKind.SESSION_CREATED
    entry = _entry(kind, session, now, by, session.holder_id, after=session_told(session))
    return Told(recorded=[entry] if entry else ())


def tell_session_end(key: Key, session_id: str, now: int, by: Actor | None) -> Told:
    """A session of a key was ended."""
    entry = _entry(AuditKind.SESSION_ENDED, key, now, by, session_id)
    return Told(recorded=[entry] if entry else ())


def _recorded(
    kind: AuditKind, key: Key, now: int, by: Actor | None, left: Key | None = None, **settings: Any
) -> list[AuditEntry]:
    """What was done to a key, and which sessions it ended, of which `left` has the rest."""
    ended = () if left is None else sorted(key.sessions.keys() - left.sessions.keys())
    entries = [_entry(kind, key, now, by, **settings)]
    entries += [_entry(AuditKind.SESSION_ENDED, key, now, by, each) for each in ended if key.sessions[each] > now]
    return [each for each in entries if each is not None]


def _entry(
    kind: AuditKind, key: Key, now: int, by: Actor | None, session_id: str | None = None, **settings: Any
) -> AuditEntry | None:
    subject = {"keyId": key.key_id} | ({} if session_id is None else {"sessionId": session_id})
    return entry_of(by, kind, key.tenant_id, now, subject, **settings)
