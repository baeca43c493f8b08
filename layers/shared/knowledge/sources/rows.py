"""Sources as rows of the Catalog, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from knowledge.actors import Author, author_value
from knowledge.environments import Environment
from knowledge.limits import DEFAULT_TITLE_WEIGHT
from knowledge.model import ObjectRef
from knowledge.revisions import revision_of
from knowledge.sources.model import (
    DEVELOPER_API,
    Lease,
    PublishLock,
    QuestionLog,
    RemovalGuard,
    Serving,
    Settled,
    Source,
    SourceSettings,
    SourceStatus,
    SynonymsHeld,
)
from knowledge.storage.catalog import ordered


def source_sk(source_id: str) -> str:
    """The sort key of a source's row; its pk is the tenant."""
    return f"source#{source_id}"


def source_row(source: Source) -> dict[str, Any]:
    """The row of a new source."""
    return {
        "pk": source.tenant_id,
        "sk": source_sk(source.source_id),
        "order": ordered("source", source.created_at, source.source_id),
        "type": DEVELOPER_API,
        "sourceId": source.source_id,
        "environment": source.environment,
        "status": source.status,
        "settingsVersion": source.settings_version,
        "epoch": source.epoch,
        "sequence": source.sequence,
        "leaseToken": source.lease_token,
        "createdAt": source.created_at,
        "createdBy": author_value(source.created_by),
        "updatedAt": source.updated_at,
        "label": source.label,
        "coveredItems": source.covered_items,
        **settings_row(source.settings),
    }


def settings_row(settings: SourceSettings) -> dict[str, Any]:
    """What a source's row has of its settings, None for what it lacks.

    The row is read and written at every push, run and apply, so what only searches read takes room only where it is
    not the default.
    """
    return {
        "name": settings.name,
        "graceDays": settings.grace_days,
        "removalGuard": guard_row(settings.removal_guard),
        "serving": None if settings.serving is Serving.ON else settings.serving,
        "titleWeight": None if settings.title_weight == DEFAULT_TITLE_WEIGHT else settings.title_weight,
        "defaultLanguage": settings.default_language,
        "synonymsVersion": settings.synonyms.version or None,
        "synonymGroups": settings.synonyms.groups or None,
        "questionLog": None if settings.question_log is QuestionLog.OFF else settings.question_log,
        "publishLock": _lock_row(settings.publish_lock),
    }


def source_revision(source: Source) -> str:
    """Name what a change of a source may depend on: its settings and its status, and nothing that publishing moves."""
    # The numbers of a request and those of a row may differ in their kind.
    settings = json.loads(json.dumps(settings_row(source.settings)), parse_int=float)
    return revision_of(str(source.status), settings)


def guard_row(guard: RemovalGuard | None) -> dict[str, Any] | None:
    """A removal guard as it is stored."""
    return None if guard is None else {"maxPercent": guard.max_percent, "maxItems": guard.max_items}


def source_from(row: Mapping[str, Any]) -> Source:
    """Read a source's row."""
    guard = row.get("removalGuard")
    return Source(
        tenant_id=row["pk"],
        source_id=row["sourceId"],
        name=row["name"],
        environment=Environment(row["environment"]),
        status=SourceStatus(row["status"]),
        grace_days=row["graceDays"],
        removal_guard=None if guard is None else RemovalGuard(guard["maxPercent"], guard["maxItems"]),
        settings_version=row["settingsVersion"],
        epoch=row["epoch"],
        open_snapshot_id=row.get("openSnapshotId"),
        open_snapshot_expires_at=row.get("openSnapshotExpiresAt"),
        generation_id=row.get("generationId"),
        manifest=ObjectRef(**row["manifest"]) if "manifest" in row else None,
        sequence=row["sequence"],
        full_required=row.get("fullRequired", False),
        lease=_lease(row),
        lease_token=row["leaseToken"],
        settle_run_id=row.get("settleRunId"),
        settled=Settled(row.get("settledPart", 0), row.get("settledSteps", 0)),
        created_at=row["createdAt"],
        created_by=Author.from_value(row.get("createdBy")),
        served_items=row.get("servedItems", 0),
        served_bytes=row.get("servedBytes", 0),
        updated_at=row["updatedAt"],
        import_id=row.get("importId"),
        erasure_epoch=row.get("erasureEpoch", 0),
        erasure_id=row.get("erasureId"),
        erasure_opening="erasureOpening" in row,
        serving=Serving(row.get("serving", Serving.ON)),
        title_weight=row.get("titleWeight", DEFAULT_TITLE_WEIGHT),
        default_language=row.get("defaultLanguage"),
        synonyms=SynonymsHeld(row.get("synonymsVersion", 0), row.get("synonymGroups", 0)),
        question_log=QuestionLog(row.get("questionLog", QuestionLog.OFF)),
        label=row.get("label"),
        published_at=row.get("publishedAt"),
        covered_items=row.get("coveredItems"),
        publish_lock=_publish_lock(row.get("publishLock")),
    )


def _lock_row(lock: PublishLock | None) -> dict[str, Any] | None:
    return None if lock is None else {"reason": lock.reason, "at": lock.locked_at, "by": author_value(lock.locked_by)}


def _publish_lock(value: Mapping[str, Any] | None) -> PublishLock | None:
    return None if value is None else PublishLock(value["reason"], value["at"], Author.from_value(value["by"]))


def _lease(row: Mapping[str, Any]) -> Lease | None:
    if "leaseRunId" not in row:
        return None
    return Lease(row["leaseToken"], row["leaseRunId"], row["leaseRenewedAt"], row["leaseExpiresAt"])
