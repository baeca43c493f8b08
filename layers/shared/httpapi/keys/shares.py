"""What a key takes of its tenant's sum of limits, and until when. Pure.

All keys of a rotation line are counted by one counter, so a line has one share of the sum: the newest of its keys that
may be used holds it. A rotation hands it on, and needs no room. A share is never less than the limit of any key of the
line that may be used, or could be less than `ENDED_KEY_COUNTED_MS` ago: within the minute that is being counted, what
such a key asked for has been let through already.

    made      share = limit
    rotated   the new key has the share, the old one has none
    raised    share = limit
    lowered   the share stays for a while, or until the last key before this one in the line has ended
    revoked   to the nearest key before it that may still be used; else it stays for a while
    expired   the share stays for a while

`share_leaves_at` says when something of it may leave. It does when somebody wants room (`KeyService`).
"""

from __future__ import annotations

from dataclasses import replace

from knowledge.limits import ENDED_KEY_COUNTED_MS

from httpapi.keys.model import Key

Change = tuple[Key, Key]


def begin_share(key: Key) -> Key:
    """Give a new key that begins a line its share."""
    return _until_its_end(replace(key, share=key.spec.rate_limit_per_minute))


def hand_share_on(old: Key, new: Key) -> Change:
    """Give the share of a key to the one that replaces it; the old one has its new expiry already."""
    ends = max(old.spec.expires_at or 0, old.overlap_until or 0)
    new = _until_its_end(replace(new, share=old.share, overlap_until=ends))
    if old.share > old.spec.rate_limit_per_minute:
        # It was lowered a moment ago, and what is over its limit leaves when it would have.
        new = replace(new, share_leaves_at=old.share_leaves_at)
    return _without_share(old), new


def end_share(key: Key, heir: Key | None, now: int) -> list[Change]:
    """Say what becomes of the share of a key that was revoked `now`; `heir` may still be used and came before it."""
    if not key.share:
        return [(key, key)]
    if heir is None:
        return [(key, replace(key, share_leaves_at=now + ENDED_KEY_COUNTED_MS))]
    return [(key, _without_share(key)), (heir, _until_its_end(replace(heir, share=key.share)))]


def change_share(before: Key, after: Key, now: int) -> Key:
    """Say what a key takes once its limit or its expiry are others."""
    limit = after.spec.rate_limit_per_minute
    if not before.share or limit >= before.share:
        return _until_its_end(replace(after, share=limit if before.share else 0))
    if limit < before.spec.rate_limit_per_minute:
        leaves_at = max(now, before.overlap_until or 0) + ENDED_KEY_COUNTED_MS
        return replace(after, share_leaves_at=leaves_at)
    return after


def release_share(key: Key, now: int) -> Key:
    """Take out of a share what may leave it by now."""
    ends = key.share_leaves_at if key.revoked_at is not None else _share_end(key)
    if ends is not None and ends <= now:
        return _without_share(key)
    return _until_its_end(replace(key, share=key.spec.rate_limit_per_minute))


def _without_share(key: Key) -> Key:
    return replace(key, share=0, share_leaves_at=None)


def _until_its_end(key: Key) -> Key:
    return replace(key, share_leaves_at=_share_end(key))


def _share_end(key: Key) -> int | None:
    """When the share of a key that nobody changes any more may leave, ms; None for never."""
    if not key.share or key.spec.expires_at is None:
        return None
    return max(key.spec.expires_at, key.overlap_until or 0) + ENDED_KEY_COUNTED_MS
