"""Exports, and where their files are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from knowledge.actors import author_value
from knowledge.exports.model import Export
from knowledge.times import optional_timestamp, timestamp

if TYPE_CHECKING:
    from knowledge.exports.service import Link


def render_export(export: Export, link: Link | None = None) -> dict[str, Any]:
    """Write an export; the link to its file is there where one export is read."""
    failure = export.last_error
    return {
        "id": export.export_id,
        "sourceId": export.source_id,
        "generationId": export.generation_id,
        "state": export.state,
        "rootHash": export.root_hash,
        "itemsTotal": export.items_total,
        "itemsWritten": export.items,
        "bytes": export.bytes,
        "inflatedBytes": export.plain_bytes,
        "message": export.message,
        "createdBy": author_value(export.created_by),
        "file": None if link is None else {"url": link.url, "expiresAt": timestamp(link.expires_at)},
        "error": None if failure is None else {"code": failure.code, "message": failure.message},
        "createdAt": timestamp(export.created_at),
        "endedAt": optional_timestamp(export.ended_at),
        "expiresAt": optional_timestamp(export.expires_at),
    }
