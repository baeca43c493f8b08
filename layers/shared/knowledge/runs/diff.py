"""The rules of a run: what one staged row and one published entry come to. Pure; a run applies them to each item.

| row | not published | published | published, in grace |
|---|---|---|---|
| active | added | updated if the hash differs | updated if the hash differs, else restored |
| removed, in grace | drop the row | removed | removed if the time of removal differs |
| removed, grace over | drop the row | tombstoned | tombstoned |
| tombstoned | nothing | tombstoned | tombstoned |
| missing | nothing | removed, as if removed now | as the entry's own time of removal says |

"Drop the row" marks a row tombstoned that was removed before any run published it: nobody is served it, so there is
no grace to wait for. It is part of the plan but of no generation.
"""

from __future__ import annotations

from typing import NamedTuple

from knowledge.index.entries import Entry
from knowledge.model import ChangeKind
from knowledge.staging.model import ItemState
from knowledge.staging.rows import RunRow


class Verdict(NamedTuple):
    """What to do with one item; `removed_at` is the time of removal that the entry is to carry.

    `brings` is true when the row's content is to be served.
    """

    kind: ChangeKind | None
    removed_at: int | None = None
    drop: bool = False
    brings: bool = False


# In Python 3.11 a member of an enumeration is looked up by a function, and every item of a run is judged.
_IS_ACTIVE, _IS_REMOVED, _IS_TOMBSTONED = ItemState.ACTIVE, ItemState.REMOVED, ItemState.TOMBSTONED
NOTHING = Verdict(None)
_DROP = Verdict(None, drop=True)
_ADDED = Verdict(ChangeKind.ADDED, brings=True)
_UPDATED = Verdict(ChangeKind.UPDATED, brings=True)
_RESTORED = Verdict(ChangeKind.RESTORED)
_TOMBSTONED = Verdict(ChangeKind.TOMBSTONED)


def judge(row: RunRow | None, entry: Entry | None, now: int, grace_ms: int) -> Verdict:
    """Compare a staged row with its published entry at the time of the run (ms)."""
    if row is not None and row.state is _IS_ACTIVE:
        if entry is None:
            return _ADDED
        if row.content_hash != entry.content_hash:
            return _UPDATED
        return NOTHING if entry.removed_at is None else _RESTORED
    if entry is None:
        return _DROP if row is not None and row.state is _IS_REMOVED else NOTHING
    if row is not None and row.state is _IS_TOMBSTONED:
        return _TOMBSTONED
    removed_at = row.removed_at if row is not None else entry.removed_at
    if removed_at is None:
        removed_at = now
    if is_due(removed_at, now, grace_ms):
        return _TOMBSTONED
    return NOTHING if removed_at == entry.removed_at else Verdict(ChangeKind.REMOVED, removed_at)


def is_due(removed_at: int, now: int, grace_ms: int) -> bool:
    """Tell whether the grace of a removal is over; a grace of 0 is over at once, whatever the clocks say."""
    return grace_ms == 0 or removed_at + grace_ms <= now
