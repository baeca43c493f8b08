"""Imports, and where to put their files."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from knowledge.actors import author_value
from knowledge.imports.model import Import
from knowledge.times import optional_timestamp, timestamp


def render_import(job: Import, report_url: str | None = None) -> dict[str, Any]:
    """Write an import; the link to its report is there where one import is read."""
    return {
        "id": job.import_id,
        "sourceId": job.source_id,
        "state": job.state,
        "mode": job.mode,
        "apply": job.apply,
        "format": job.format,
        "maxRejected": job.max_rejected,
        "message": job.message,
        "createdBy": author_value(job.created_by),
        "linesRead": job.lines,
        "bytesRead": job.offset,
        "bytesTotal": job.plain_bytes,
        "counts": {**asdict(job.counts), "rejected": job.rejected},
        "removalsSkipped": job.removals_skipped,
        "report": _report(job, report_url),
        "runId": job.run_id,
        "generationId": job.generation_id,
        "error": _error(job),
        "createdAt": timestamp(job.created_at),
        "startedAt": optional_timestamp(job.started_at),
        "endedAt": optional_timestamp(job.ended_at),
    }


def render_upload(job: Import, url: str) -> dict[str, Any]:
    """Write the one request that brings the file: its headers are signed, so they must be sent as they are."""
    return {
        "method": "PUT",
        "url": url,
        "headers": {"If-None-Match": "*"},
        "expiresAt": timestamp(job.upload_expires_at),
    }


def _report(job: Import, url: str | None) -> dict[str, Any] | None:
    if not job.reported:
        return None
    return {"faults": job.reported, "faultsLeftOut": job.unreported, "url": url}


def _error(job: Import) -> dict[str, Any] | None:
    failure = job.last_error
    return None if failure is None else {"code": failure.code, "message": failure.message}
