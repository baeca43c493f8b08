"""Staged rows and journal entries as values, and as the attributes of the Items table. Pure.

A row is keyed by `sourceId#slot` and its externalItemId; the slot is the first hex digit of SHA-256(externalItemId),
so a slot is a child of the index trie's root. A journal entry is keyed by `sourceId#journal` and its own id.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from knowledge.index.entries import path_of
from knowledge.staging.model import ItemState
from knowledge.storage.format import canonical_json

SLOTS = "0123456789abcdef"
Attributes = dict[str, Any]
_STATES = {str(state): state for state in ItemState}


class StagedRow(NamedTuple):
    """One row of a staging set.

    A tombstone without a content hash is a mark: the item was removed at a version before it was ever pushed. Nobody
    is shown it; it holds back older pushes.

    `rev` grows with every write of the item. `fields` has a fingerprint of each field of the item. `member` is the
    whole item while it fits in the row; else `head` is the item without content and `content_key` names the member's
    object. `expires_at` is in seconds. `key_id` is the key that wrote it last, None for what nobody's key wrote.
    `erasures` is the source's erasure epoch when the content was pushed.
    """

    external_item_id: str
    rev: int
    state: ItemState
    title: str
    content_hash: str
    content_bytes: int
    fields: bytes
    member: bytes | None
    head: bytes | None
    content_key: str | None
    source_version: int | None
    epoch: int
    created_at: int
    updated_at: int
    removed_at: int | None = None
    tombstoned_at: int | None = None
    expires_at: int | None = None
    key_id: str | None = None
    erasures: int = 0

    @property
    def is_mark(self) -> bool:
        """True when there is a version and no item."""
        return not self.content_hash

    @property
    def size(self) -> int:
        """About how many bytes the row takes in a transaction."""
        return 512 + 2 * len(self.external_item_id) + len(self.title) * 4 + len(self.member or self.head or b"")


class RunRow(NamedTuple):
    """What a run reads of a row: the same fields, without those that neither judge an item nor are served."""

    external_item_id: str
    rev: int
    state: ItemState
    title: str
    content_hash: str
    content_bytes: int
    fields: bytes
    member: bytes | None
    content_key: str | None
    removed_at: int | None
    expires_at: int | None


# A client takes longer to parse a row than a run to judge it, and each attribute counts alike.
RUN_ATTRIBUTES = (
    *("sk", "rev", "state", "title", "hash", "bytes", "fields", "member", "contentKey", "removedAt", "expiresAt"),
)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What one transaction changed: (externalItemId, rev) pairs, when (ms), and whose key did it.

    `net` is by how many active items there are more since; None for an entry of before it was noted.
    """

    entry_id: str
    written_at: int
    revs: tuple[tuple[str, int], ...]
    key_id: str | None = None
    net: int | None = None


def row_key(source_id: str, external_item_id: str, slot: str | None = None) -> Attributes:
    """The key of an item's row; `slot` stands in for the item's own where a walk over another slot needs a place."""
    slot = slot or path_of(external_item_id)[0]
    return {"pk": {"S": f"{source_id}#{slot}"}, "sk": {"S": external_item_id}}


def row_keys(source_id: str, external_item_ids: Iterable[str]) -> list[Attributes]:
    """The keys of many items' rows; those of one slot share a value."""
    slots = {slot: {"S": f"{source_id}#{slot}"} for slot in SLOTS}
    return [{"pk": slots[path_of(each)[0]], "sk": {"S": each}} for each in external_item_ids]


def row_attributes(source_id: str, row: StagedRow) -> Attributes:
    """Write a row."""
    attributes: Attributes = row_key(source_id, row.external_item_id)
    attributes |= {
        "rev": {"N": str(row.rev)},
        "state": {"S": str(row.state)},
        "title": {"S": row.title},
        "hash": {"S": row.content_hash},
        "bytes": {"N": str(row.content_bytes)},
        "epoch": {"N": str(row.epoch)},
        "createdAt": {"N": str(row.created_at)},
        "updatedAt": {"N": str(row.updated_at)},
    }
    for name, blob in (("member", row.member), ("head", row.head), ("fields", row.fields or None)):
        if blob is not None:
            attributes[name] = {"B": blob}
    for name, text in (("contentKey", row.content_key), ("keyId", row.key_id)):
        if text is not None:
            attributes[name] = {"S": text}
    for name, number in (
        ("sourceVersion", row.source_version),
        ("removedAt", row.removed_at),
        ("tombstonedAt", row.tombstoned_at),
        ("expiresAt", row.expires_at),
        ("erasures", row.erasures or None),
    ):
        if number is not None:
            attributes[name] = {"N": str(number)}
    return attributes


def row_from(attributes: Attributes) -> StagedRow:
    """Read a row."""
    get = attributes.get
    member, head, key, version = get("member"), get("head"), get("contentKey"), get("sourceVersion")
    fields, key_id = get("fields"), get("keyId")
    removed_at, tombstoned_at, expires_at = get("removedAt"), get("tombstonedAt"), get("expiresAt")
    erasures = get("erasures")
    return StagedRow(
        attributes["sk"]["S"],
        int(attributes["rev"]["N"]),
        _STATES[attributes["state"]["S"]],
        attributes["title"]["S"],
        attributes["hash"]["S"],
        int(attributes["bytes"]["N"]),
        fields["B"] if fields else b"",
        member and member["B"],
        head and head["B"],
        key and key["S"],
        version and int(version["N"]),
        int(attributes["epoch"]["N"]),
        int(attributes["createdAt"]["N"]),
        int(attributes["updatedAt"]["N"]),
        removed_at and int(removed_at["N"]),
        tombstoned_at and int(tombstoned_at["N"]),
        expires_at and int(expires_at["N"]),
        key_id and key_id["S"],
        int(erasures["N"]) if erasures else 0,
    )


def run_row_from(attributes: Attributes) -> RunRow:
    """Read a row of `RUN_ATTRIBUTES`. A diff does little else for each item, so this is written for speed."""
    values = (
        attributes["sk"]["S"],
        int(attributes["rev"]["N"]),
        _STATES[attributes["state"]["S"]],
        attributes["title"]["S"],
        attributes["hash"]["S"],
        int(attributes["bytes"]["N"]),
        attributes["fields"]["B"] if "fields" in attributes else b"",
        attributes["member"]["B"] if "member" in attributes else None,
        attributes["contentKey"]["S"] if "contentKey" in attributes else None,
        int(attributes["removedAt"]["N"]) if "removedAt" in attributes else None,
        int(attributes["expiresAt"]["N"]) if "expiresAt" in attributes else None,
    )
    # What `RunRow._make` comes to, in a third of its time.
    return tuple.__new__(RunRow, values)


def journal_attributes(source_id: str, entry: JournalEntry) -> Attributes:
    """Write a journal entry."""
    attributes: Attributes = {
        "pk": {"S": f"{source_id}#journal"},
        "sk": {"S": entry.entry_id},
        "writtenAt": {"N": str(entry.written_at)},
        "revs": {"B": gzip.compress(canonical_json(entry.revs), 6, mtime=0)},
    }
    if entry.key_id is not None:
        attributes["keyId"] = {"S": entry.key_id}
    if entry.net is not None:
        attributes["net"] = {"N": str(entry.net)}
    return attributes


def journal_entry_from(attributes: Attributes) -> JournalEntry:
    """Read a journal entry."""
    return JournalEntry(
        entry_id=attributes["sk"]["S"],
        written_at=int(attributes["writtenAt"]["N"]),
        revs=tuple((name, rev) for name, rev in json.loads(gzip.decompress(attributes["revs"]["B"]))),
        key_id=attributes["keyId"]["S"] if "keyId" in attributes else None,
        net=int(attributes["net"]["N"]) if "net" in attributes else None,
    )
