"""Exports as rows of the Catalog, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from knowledge.actors import Actor
from knowledge.exports.model import Export, ExportState
from knowledge.model import Failure
from knowledge.sources.places import Place
from knowledge.storage.catalog import ordered

# The sort key of the row of a tenant's places; see `knowledge.sources.places`.
PLACES = "exports"


def export_sk(export_id: str) -> str:
    """The sort key of an export's row; its pk is the source."""
    return f"export#{export_id}"


def list_of(generation_id: str) -> str:
    """The kind under which the exports of a generation are listed."""
    return f"export#{generation_id}"


def place_of(export: Export) -> Place:
    """The place of an export among those of its tenant that are under way."""
    return Place(export.created_at, export.source_id, export.export_id)


def export_row(export: Export) -> dict[str, Any]:
    """Write a new export."""
    return {
        "pk": export.source_id,
        "sk": export_sk(export.export_id),
        "order": ordered(list_of(export.generation_id), export.created_at, export.export_id),
        "tenantId": export.tenant_id,
        "exportId": export.export_id,
        "generationId": export.generation_id,
        "state": export.state,
        "rootHash": export.root_hash,
        "itemsTotal": export.items_total,
        "erasures": export.erasures,
        "createdAt": export.created_at,
        "updatedAt": export.updated_at,
        "aliveUntil": export.alive_until,
        "by": None if export.by is None else asdict(export.by),
        "message": export.message,
        "parts": export.parts,
    }


def export_from(row: Mapping[str, Any]) -> Export:
    """Read an export; what no step has written yet has its first value."""
    failure = row.get("lastError")
    return Export(
        tenant_id=row["tenantId"],
        source_id=row["pk"],
        generation_id=row["generationId"],
        export_id=row["exportId"],
        state=ExportState(row["state"]),
        root_hash=row["rootHash"],
        items_total=row["itemsTotal"],
        erasures=row["erasures"],
        created_at=row["createdAt"],
        updated_at=row["updatedAt"],
        alive_until=row["aliveUntil"],
        by=Actor.from_value(row.get("by")),
        message=row.get("message"),
        upload_id=row.get("uploadId"),
        parts=row["parts"],
        position=row.get("position"),
        items=row.get("items", 0),
        bytes=row.get("bytes", 0),
        plain_bytes=row.get("plainBytes", 0),
        whole=row.get("whole", False),
        last_error=None if failure is None else Failure(**failure),
        ended_at=row.get("endedAt"),
    )


def written_values(export: Export) -> dict[str, Any]:
    """How far an export is written, by the names of the attributes."""
    return {
        "parts": export.parts,
        "position": export.position,
        "items": export.items,
        "bytes": export.bytes,
        "plainBytes": export.plain_bytes,
        "whole": export.whole,
    }
