"""Erasures as rows of the Catalog, and back: `erasure#<id>` in the partition of the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from knowledge.actors import Author, author_value
from knowledge.erasures.model import Erasure, ErasureCounts, ErasureState
from knowledge.index.names import NamedObject, ObjectKind, ObjectName
from knowledge.index.segment_rows import NamedSegment
from knowledge.model import ObjectRef
from knowledge.storage.catalog import ordered

# The partition of the index of what waits in which open erasures stand, by when they are due.
WAITING = "erasures"
# What lists tell of a segment beside what is told of every object.
_OF_SEGMENTS = ("format", "language", "head", "documents", "tier")

Copy = NamedObject | NamedSegment
"""What stands for an object that holds text. `names.GONE` stands for a segment that can't be read: nothing does."""


def erasure_sk(erasure_id: str) -> str:
    """The sort key of an erasure's row; its pk is the source."""
    return f"erasure#{erasure_id}"


def copies_of(erasure_id: str) -> str:
    """What the sort keys of an erasure's copies begin with."""
    return f"erasure#{erasure_id}#copy#"


def erasure_position(erasure: Erasure) -> list[str]:
    """The position in the list of erasures that is behind one."""
    return [_order(erasure), erasure_sk(erasure.erasure_id)]


def _order(erasure: Erasure) -> str:
    return ordered("erasure", erasure.opened_at, erasure.erasure_id)


def erasure_row(erasure: Erasure) -> dict[str, Any]:
    """Write an erasure that is being opened."""
    return {
        "pk": erasure.source_id,
        "sk": erasure_sk(erasure.erasure_id),
        "order": _order(erasure),
        "tenantId": erasure.tenant_id,
        "erasureId": erasure.erasure_id,
        "ids": asdict(erasure.ids),
        "items": erasure.items,
        "epoch": erasure.epoch,
        "openedAt": erasure.opened_at,
        "createdBy": author_value(erasure.created_by),
        "message": erasure.message,
        "swapped": 0,
        "copied": 0,
        "waiting": WAITING,
        "remindAt": erasure.due_at,
        **moving_values(erasure),
    }


def moving_values(erasure: Erasure) -> dict[str, Any]:
    """What a note writes."""
    return {
        "state": erasure.state,
        "rev": erasure.rev,
        "tries": erasure.tries,
        "cursor": erasure.cursor,
        "generationId": erasure.generation_id,
        "clearedAt": erasure.cleared_at,
        "waitsUntil": erasure.waits_until,
        "completedAt": erasure.completed_at,
        "updatedAt": erasure.updated_at,
        "stubbed": erasure.counts.stubbed,
        "runs": erasure.counts.runs,
        "deleted": erasure.counts.deleted,
    }


def erasure_from(row: Mapping[str, Any]) -> Erasure:
    """Read an erasure."""
    counts = ErasureCounts(row["stubbed"], row["copied"], row["swapped"], row["runs"], row["deleted"])
    return Erasure(
        tenant_id=row["tenantId"],
        source_id=row["pk"],
        erasure_id=row["erasureId"],
        state=ErasureState(row["state"]),
        ids=ObjectRef(**row["ids"]),
        items=row["items"],
        epoch=row["epoch"],
        opened_at=row["openedAt"],
        updated_at=row["updatedAt"],
        due_at=row.get("remindAt", 0),
        created_by=Author.from_value(row.get("createdBy")),
        message=row.get("message"),
        rev=row["rev"],
        tries=row["tries"],
        cursor=row.get("cursor"),
        generation_id=row.get("generationId"),
        cleared_at=row.get("clearedAt"),
        swapped_at=row.get("swappedAt"),
        waits_until=row.get("waitsUntil"),
        completed_at=row.get("completedAt"),
        counts=counts,
    )


def copy_row(erasure: Erasure, key: str, copy: Copy, ttl: int) -> dict[str, Any]:
    """Write that an object was copied; the row forgets itself at `ttl` (s)."""
    told = {name: getattr(copy, name) for name in _OF_SEGMENTS} if isinstance(copy, NamedSegment) else {}
    return {
        **told,
        "pk": erasure.source_id,
        "sk": f"{copies_of(erasure.erasure_id)}{key}",
        "kind": int(copy.name.kind),
        "owner": copy.name.owner,
        "attempt": copy.name.attempt,
        "number": copy.name.number,
        "bytes": copy.bytes,
        "digest": copy.digest,
        "ttl": ttl,
    }


def copy_from(row: Mapping[str, Any]) -> tuple[str, Copy]:
    """Read which object was copied, and the copy."""
    name = ObjectName(ObjectKind(row["kind"]), row["owner"], row["attempt"], row["number"])
    key = row["sk"].partition("#copy#")[2]
    if "head" not in row:
        return key, NamedObject(name, row["bytes"], row["digest"])
    told = {each: row[each] for each in _OF_SEGMENTS}
    return key, NamedSegment(name=name, bytes=row["bytes"], digest=row["digest"], **told)
