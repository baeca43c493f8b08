"""The model's rules for one item: what a write makes of it, and what a run does to it.

They are written down here anew, from the design's words. Nothing of the product's rules is used: an error in them
can't hide behind itself. Times are milliseconds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from knowledge.items.model import ItemDraft

TOMBSTONE_LIFE = 30 * 86_400_000
NOTHING = ItemDraft("", "", "")


class RefusedError(Exception):
    """Raised where the product is to raise the error of this name."""


class Item(NamedTuple):
    """One item of the staging set. `write` is another number after each write.

    One that is `absent` was removed at a version and never pushed: it only keeps the version.

    `seen_open` is the snapshot that was open when somebody else than its parts wrote the item.
    """

    draft: ItemDraft
    state: str
    version: int | None
    write: int
    seen_open: str | None = None
    removed_at: int | None = None
    tombstoned_at: int | None = None

    def gone(self, now: int) -> bool:
        """A tombstone is forgotten 30 days (of whole seconds) after the publication that made it."""
        return self.tombstoned_at is not None and (self.tombstoned_at + TOMBSTONE_LIFE) // 1000 * 1000 <= now


class Writing(NamedTuple):
    """The circumstances of a write: when, its number, and the snapshot that its writer saw open (None: a part's)."""

    now: int
    write: int
    snapshot: str | None

    def mark(self, item: Item | None) -> str | None:
        """The latest snapshot that a writer of the item saw open; ids of snapshots grow with time."""
        known = [name for name in (self.snapshot, item and item.seen_open) if name is not None]
        return max(known, default=None)


class Served(NamedTuple):
    """One item of a generation."""

    draft: ItemDraft
    removed_at: int | None


def plain(draft: ItemDraft) -> ItemDraft:
    """The content of a draft: its version orders writes, and is no part of it."""
    return replace(draft, source_version=None)


def pushed(item: Item | None, draft: ItemDraft, at: Writing) -> tuple[Item | None, str]:
    """Push an item: the older version loses, an equal content changes nothing but a version that rises."""
    if _older(draft.source_version, item):
        return item, "stale"
    version = draft.source_version if draft.source_version is not None else item and item.version
    if item is not None and item.state == "active" and item.draft == plain(draft):
        return item._replace(version=version, write=at.write, seen_open=at.mark(item)), "unchanged"
    result = "created" if item is None or item.state in ("tombstoned", "absent") else "updated"
    return Item(plain(draft), "active", version, at.write, at.mark(item)), result


def removed(item: Item | None, version: int | None, at: Writing) -> tuple[Item | None, str]:
    """Remove an item; what is not there to be removed stays as it is, but for a version that rises."""
    if item is None:
        absent = Item(NOTHING, "absent", version, at.write, at.mark(None), tombstoned_at=at.now)
        return None if version is None else absent, "unchanged"
    if _older(version, item):
        return item, "stale"
    rises = version is not None and (item.version is None or version > item.version)
    if item.state == "active":
        return _taken_out(item, at)._replace(version=version if version is not None else item.version), "removed"
    if rises:
        item = item._replace(version=version, write=at.write, seen_open=at.mark(item))
        if item.state == "absent":
            item = item._replace(tombstoned_at=at.now)
    return item, "unchanged"


def restored(item: Item | None, at: Writing) -> tuple[Item, str]:
    """Bring an item back with its last content."""
    if item is None or item.state == "absent":
        raise RefusedError("ItemNotFoundError")
    if item.state == "active":
        return item._replace(write=at.write, seen_open=at.mark(item)), "unchanged"
    result = "created" if item.state == "tombstoned" else "updated"
    return Item(item.draft, "active", item.version, at.write, at.mark(item)), result


def swept(item: Item | None, snapshot: str, at: Writing) -> Item | None:
    """Remove what a snapshot does not name, unless somebody wrote it since the opening."""
    if item is None or item.state != "active" or item.seen_open == snapshot:
        return item
    return _taken_out(item, at)


def _taken_out(item: Item, at: Writing) -> Item:
    return item._replace(state="removed", write=at.write, seen_open=at.mark(item), removed_at=at.now)


def _older(version: int | None, item: Item | None) -> bool:
    return item is not None and version is not None and item.version is not None and version < item.version


def desired(item: Item | None, base: Served | None, now: int, grace: int) -> Served | None:
    """What is to be served of one item: its staged content, or in grace what was served before, or nothing."""
    if item is None or item.state in ("tombstoned", "absent"):
        return None
    if item.state == "active":
        return Served(item.draft, None)
    assert item.removed_at is not None
    if base is None or grace == 0 or item.removed_at + grace <= now:
        return None
    return Served(base.draft, item.removed_at)


def change(base: Served | None, after: Served | None) -> str | None:
    """The name of the difference between what was served and what is to be."""
    if base == after:
        return None
    if base is None:
        return "added"
    if after is None:
        return "tombstoned"
    if after.removed_at is not None:
        return "removed"
    return "updated" if after.draft != base.draft else "restored"


def content_hash(draft: ItemDraft) -> str:
    """SHA-256 of the canonical JSON of an item: sorted keys, no spaces, nothing escaped, absent fields left out."""
    document: dict[str, Any] = {
        "externalItemId": draft.external_item_id,
        "title": draft.title,
        "content": draft.content,
        "contentType": draft.content_type,
        "url": draft.url,
        "language": draft.language,
        "tags": list(draft.tags) or None,
        "metadata": draft.metadata or None,
    }
    present: Mapping[str, Any] = {name: value for name, value in document.items() if value is not None}
    text = json.dumps(present, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
