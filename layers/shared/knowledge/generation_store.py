"""The rows of generations, and the one transaction that publishes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import ClientError

from knowledge.attributes import to_row
from knowledge.aws import backoff, error_code, translated
from knowledge.catalog import Catalog
from knowledge.errors import ApplyConflictError, GenerationNotFoundError
from knowledge.events import Event, event_row
from knowledge.model import Counts, Generation, ObjectRef, Page, Plan, RunState, SourceStatus
from knowledge.run_store import run_sk
from knowledge.source_store import source_sk

_TRIES = 5


def generation_sk(generation_id: str) -> str:
    """The sort key of a generation's row; its pk is the source."""
    return f"generation#{generation_id}"


@dataclass(frozen=True, slots=True)
class Publication:
    """A generation that is built, and everything that must still be as it was checked for it to be published."""

    generation: Generation
    run_id: str
    plan: Plan
    lease_token: int


class PublicationRefusedError(Exception):
    """Raised when a condition of the publishing transaction did not hold; nothing of it was written."""


@dataclass(frozen=True, slots=True)
class GenerationStore:
    """Generations of all sources."""

    catalog: Catalog

    def get(self, source_id: str, generation_id: str) -> Generation:
        """Read a generation, consistently; GenerationNotFoundError when the source has none of that id."""
        row = self.catalog.find(source_id, generation_sk(generation_id))
        if row is None:
            raise GenerationNotFoundError
        return _generation(row)

    def list(self, source_id: str, *, limit: int, position: Any) -> Page[Generation]:
        """List a source's generations, the latest first."""
        return self.catalog.list(source_id, "generation", _generation, limit=limit, position=position)

    def publish(self, publication: Publication, event: Event) -> None:
        """Make a generation the one that is served: source, generation, run and outbox in one transaction.

        PublicationRefusedError when a condition does not hold, ApplyConflictError when the rows stay busy. After
        either, or a lost answer, the source tells what is true.

            plan made -> checks -> build ........................ this write
                             base, settings, status, run, lease: all as at the checks, or nothing happens
        """
        actions: list[Any] = [
            {"Update": self._source_update(publication)},
            {"Put": self._new(_row(publication.generation))},
            {"Update": self._run_update(publication)},
            {"Put": self._new(event_row(event))},
        ]
        for attempt in range(_TRIES):
            try:
                with translated():
                    self.catalog.dynamodb.transact_write_items(TransactItems=actions)
            except ClientError as error:
                if error_code(error) != "TransactionCanceledException":
                    raise
                reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
                if "ConditionalCheckFailed" in reasons:
                    raise PublicationRefusedError from error
                backoff(attempt)
            else:
                return
        raise ApplyConflictError

    def _source_update(self, publication: Publication) -> dict[str, Any]:
        generation = publication.generation
        base = generation.base_generation_id
        values: dict[str, Any] = {
            ":generation": generation.generation_id,
            ":manifest": asdict(generation.manifest),
            ":sequence": generation.sequence,
            ":run": publication.run_id,
            ":token": publication.lease_token,
            ":settings": publication.plan.settings_version,
            ":active": SourceStatus.ACTIVE,
            ":now": generation.published_at,
        }
        base_is_ours = "attribute_not_exists(generationId)"
        if base is not None:
            values[":base"] = base
            base_is_ours = "generationId = :base"
        lease_is_ours = "leaseToken = :token AND leaseRunId = :run"
        return {
            "TableName": self.catalog.table,
            "Key": to_row({"pk": generation.tenant_id, "sk": source_sk(generation.source_id)}),
            "UpdateExpression": "SET generationId = :generation, manifest = :manifest, #sequence = :sequence,"
            " settleRunId = :run, updatedAt = :now"
            " REMOVE leaseRunId, leaseRenewedAt, leaseExpiresAt, fullRequired",
            "ConditionExpression": f"{base_is_ours} AND {lease_is_ours} AND settingsVersion = :settings"
            " AND #status = :active AND attribute_not_exists(settleRunId)",
            "ExpressionAttributeNames": {"#status": "status", "#sequence": "sequence"},
            "ExpressionAttributeValues": to_row(values),
        }

    def _run_update(self, publication: Publication) -> dict[str, Any]:
        generation = publication.generation
        return {
            "TableName": self.catalog.table,
            "Key": to_row({"pk": generation.source_id, "sk": run_sk(publication.run_id)}),
            "UpdateExpression": "SET #state = :published, generationId = :generation, updatedAt = :now"
            " REMOVE lastError",
            "ConditionExpression": "planVersion = :version AND #state = :ready AND planExpiresAt > :now",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": to_row(
                {
                    ":published": RunState.PUBLISHED,
                    ":ready": RunState.READY,
                    ":generation": generation.generation_id,
                    ":version": publication.plan.version,
                    ":now": generation.published_at,
                }
            ),
        }

    def _new(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "TableName": self.catalog.table,
            "Item": to_row(row),
            "ConditionExpression": "attribute_not_exists(pk)",
        }


def _row(generation: Generation) -> dict[str, Any]:
    return {
        "pk": generation.source_id,
        "sk": generation_sk(generation.generation_id),
        "order": f"generation#{generation.sequence:012d}",
        "tenantId": generation.tenant_id,
        "generationId": generation.generation_id,
        "sequence": generation.sequence,
        "baseGenerationId": generation.base_generation_id,
        "runId": generation.run_id,
        "rootHash": generation.root_hash,
        "manifest": asdict(generation.manifest),
        "counts": asdict(generation.counts),
        "contentBytes": generation.content_bytes,
        "publishedAt": generation.published_at,
    }


def _generation(row: Mapping[str, Any]) -> Generation:
    return Generation(
        tenant_id=row["tenantId"],
        source_id=row["pk"],
        generation_id=row["generationId"],
        sequence=row["sequence"],
        base_generation_id=row.get("baseGenerationId"),
        run_id=row.get("runId"),
        root_hash=row["rootHash"],
        manifest=ObjectRef(**row["manifest"]),
        counts=Counts(**row["counts"]),
        content_bytes=row["contentBytes"],
        published_at=row["publishedAt"],
    )
