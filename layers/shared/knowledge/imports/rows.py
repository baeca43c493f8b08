"""Imports as rows of the Catalog, beside their tickets: `importqueue#<time>#<id>`, which tell whose turn is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from knowledge.actors import Actor
from knowledge.imports.model import Import, ImportFile, ImportFormat, ImportMode, ImportState
from knowledge.limits import MAX_REJECTED_LINES
from knowledge.model import Failure
from knowledge.sources.places import Place
from knowledge.staging.model import StagingCounts
from knowledge.storage.catalog import ordered

TICKETS = "importqueue#"
# The sort key of the row of a tenant's places; see `knowledge.sources.places`.
PLACES = "imports"


def import_sk(import_id: str) -> str:
    """The sort key of an import's row; its pk is the source."""
    return f"import#{import_id}"


def ticket_sk(job: Import) -> str:
    """The sort key of an import's ticket: by the time at which its file came."""
    return f"{TICKETS}{job.queued_at or 0:015d}#{job.import_id}"


def place_of(job: Import) -> Place:
    """The place of an import among those of its tenant that are under way."""
    return Place(job.created_at, job.source_id, job.import_id)


def import_row(job: Import) -> dict[str, Any]:
    """Write an import."""
    return {
        "pk": job.source_id,
        "sk": import_sk(job.import_id),
        "order": ordered("import", job.created_at, job.import_id),
        "tenantId": job.tenant_id,
        "importId": job.import_id,
        "state": job.state,
        "mode": job.mode,
        "apply": job.apply,
        "format": job.format,
        "file": None if job.file is None else asdict(job.file),
        "attempt": job.attempt,
        "aliveUntil": job.alive_until,
        "checkpoint": job.checkpoint,
        "createdAt": job.created_at,
        "by": None if job.by is None else asdict(job.by),
        "message": job.message,
        "maxRejected": job.max_rejected,
        "counted": job.counted,
        "updatedAt": job.updated_at,
        "queuedAt": job.queued_at,
    }


def import_from(row: Mapping[str, Any]) -> Import:
    """Read an import; what no step has written yet has its first value."""
    file, counts, failure = row.get("file"), row.get("counts"), row.get("lastError")
    return Import(
        tenant_id=row["tenantId"],
        source_id=row["pk"],
        import_id=row["importId"],
        state=ImportState(row["state"]),
        mode=ImportMode(row["mode"]),
        apply=row["apply"],
        format=ImportFormat(row["format"]),
        created_at=row["createdAt"],
        updated_at=row["updatedAt"],
        file=None if file is None else ImportFile(**file),
        attempt=row["attempt"],
        alive_until=row["aliveUntil"],
        checkpoint=row["checkpoint"],
        epoch=row.get("epoch", 0),
        pieces=row.get("pieces", 0),
        inflated=row.get("inflated", False),
        plain_bytes=row.get("plainBytes"),
        offset=row.get("offset", 0),
        lines=row.get("lines", 0),
        counts=StagingCounts() if counts is None else StagingCounts(**counts),
        rejected=row.get("rejected", 0),
        reported=row.get("reported", 0),
        unreported=row.get("unreported", 0),
        slots_done=row.get("slotsDone", 0),
        replans=row.get("replans", 0),
        report_key=row.get("reportKey"),
        run_id=row.get("runId"),
        generation_id=row.get("generationId"),
        last_error=None if failure is None else Failure(**failure),
        queued_at=row.get("queuedAt"),
        started_at=row.get("startedAt"),
        ended_at=row.get("endedAt"),
        by=Actor.from_value(row.get("by")),
        message=row.get("message"),
        max_rejected=row.get("maxRejected", MAX_REJECTED_LINES),
        counted=row.get("counted", False),
    )


def reading_values(job: Import) -> dict[str, Any]:
    """How far an import was read, and what that came to, by the names of the attributes."""
    return {
        "offset": job.offset,
        "lines": job.lines,
        "counts": asdict(job.counts),
        "rejected": job.rejected,
        "reported": job.reported,
        "unreported": job.unreported,
        "slotsDone": job.slots_done,
        "pieces": job.pieces,
        "inflated": job.inflated,
        "plainBytes": job.plain_bytes,
    }
