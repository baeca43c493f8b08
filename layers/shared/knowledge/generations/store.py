"""The rows of generations, and the one transaction that publishes one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from knowledge.actors import Actor
from knowledge.audit import AuditEntry, AuditKind, entry_of
from knowledge.errors import ApplyConflictError, GenerationNotFoundError
from knowledge.events import Event, event_row
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.generations.rows import generation_from, generation_row, generation_sk
from knowledge.pages import Page
from knowledge.runs.model import Plan, RunState
from knowledge.runs.store import READY, SAME_PLAN, run_sk
from knowledge.sources.conditions import ACTIVE, NO_ERASURE_OPEN, PUBLISHING_OPEN, same_erasures
from knowledge.sources.model import SourceStatus
from knowledge.sources.rows import source_sk
from knowledge.storage.catalog import Action, Catalog, RefusedWriteError
from knowledge.storage.transactions import RefusedTransactionError

_PAGE = 100
Generations = list[Generation]


# What the publishing transaction holds to. All of it is as it was at the checks, or nothing is written:
#
#   plan made           lease taken, checks           built                         this write
#   |-------------------|-----------------------------|-----------------------------|
#   base, settings, plan ............................................................ unchanged
#   no publish lock ................................................................. still none
#                       lease ....................................................... held
_NO_BASE = "attribute_not_exists(generationId)"
# A generation is served from its manifest, so that is the base; the id holds off what was planned before a restore.
_SAME_BASE = "generationId = :base AND manifest.digest = :baseDigest"
_SAME_SETTINGS = "settingsVersion = :settings"
_LEASE_HELD = "leaseToken = :token AND leaseRunId = :holder"
_SETTLED = "attribute_not_exists(settleRunId)"
# An erasure publishes for itself, whatever else holds off a publication.
_THIS_ERASURE = "erasureId = :erasure"
# Of the run.
_PLAN_LIVES = "planExpiresAt > :now"
# Of a generation.
_KEPT = "attribute_exists(pk) AND attribute_not_exists(retiredAt)"


@dataclass(frozen=True, slots=True)
class Publication:
    """A generation that is built, and everything that must still be as it was checked for it to be published.

    The lease is held by `holder_id`: the run, or the new generation itself when no run made it. `base_digest` is that
    of the manifest that the new state was built on. `plan` is the run's; `by` is who asked for it. An erasure's
    generation has `erasure_id`.
    """

    generation: Generation
    holder_id: str
    lease_token: int
    base_digest: str | None
    plan: Plan | None = None
    by: Actor | None = None
    erasure_id: str | None = None

    @property
    def minds_lock(self) -> bool:
        """True for what a publish lock holds off: a compaction serves the same, and an erasure waits for nobody."""
        return self.generation.origin in {GenerationOrigin.RUN, GenerationOrigin.RESTORE}


class PublicationRefusedError(Exception):
    """Raised when a condition of the publishing transaction did not hold; nothing of it was written."""


@dataclass(frozen=True, slots=True)
class GenerationStore:
    """Generations of all sources."""

    catalog: Catalog

    def get_generation(self, source_id: str, generation_id: str) -> Generation:
        """Read a generation, consistently. Raises GenerationNotFoundError when the source has none of that id."""
        row = self.catalog.find(source_id, generation_sk(generation_id))
        if row is None:
            raise GenerationNotFoundError
        return generation_from(row)

    def list_generations(self, source_id: str, *, limit: int, position: Any) -> Page[Generation]:
        """List a source's generations, the latest first."""
        return self.catalog.list(source_id, "generation", generation_from, limit=limit, position=position)

    def list_kept(self, source_id: str) -> Generations:
        """Read every generation that is not retired, the latest first, consistently.

        Older ones are retired before younger ones, so the walk ends at the first that is.
        """
        found: Generations = []
        position = None
        while True:
            page = self.list_generations(source_id, limit=_PAGE, position=position)
            for generation in page.items:
                if generation.retired_at is not None:
                    return found
                found.append(generation)
            position = page.next_position
            if position is None:
                return found

    def publish_generation(self, publication: Publication, event: Event) -> None:
        """Make a generation the one that is served: source, generation, run and outbox in one transaction.

        Without a run, the generation that is restored takes the run's place.

        Raises PublicationRefusedError when a condition does not hold, ApplyConflictError when the rows stay busy. After
        either, or a lost answer, the source tells what is true.

        """
        generation = publication.generation
        actions = [
            self._source_update(publication),
            self.catalog.putting_new(generation_row(generation)),
            self.catalog.putting_new(event_row(event)),
        ]
        if publication.plan is not None:
            actions.append(self._run_update(generation, publication.holder_id, publication.plan))
        if generation.restored_from is not None:
            restored_sk = generation_sk(generation.restored_from)
            actions.append(self.catalog.checking(generation.source_id, restored_sk, _KEPT, {}))
        actions += self.catalog.recording(_recorded(publication))
        try:
            self.catalog.transact(actions, busy=ApplyConflictError)
        except RefusedTransactionError as error:
            raise PublicationRefusedError from error

    def retire_generation(self, generation: Generation, now: int) -> None:
        """Mark a generation that is not kept any more; from then on it can't be restored."""
        with suppress(RefusedWriteError):
            self.catalog.update(
                generation.source_id,
                generation_sk(generation.generation_id),
                "SET retiredAt = :now",
                _KEPT,
                {":now": now},
            )

    def _source_update(self, publication: Publication) -> Action:
        generation, plan = publication.generation, publication.plan
        values: dict[str, Any] = {
            ":generation": generation.generation_id,
            ":manifest": asdict(generation.manifest),
            ":sequence": generation.sequence,
            ":items": generation.counts.total,
            ":bytes": generation.content_bytes,
            ":base": generation.base_generation_id,
            ":baseDigest": publication.base_digest,
            ":holder": publication.holder_id,
            ":token": publication.lease_token,
            ":now": generation.published_at,
            ":erasures": generation.erasures or None,
        }
        first = generation.base_generation_id is None
        sets = "generationId = :generation, manifest = :manifest, #sequence = :sequence, updatedAt = :now"
        sets += ", servedItems = :items, servedBytes = :bytes"
        if generation.origin is not GenerationOrigin.COMPACTION:
            sets += ", publishedAt = :now"
        removes = "leaseRunId, leaseRenewedAt, leaseExpiresAt"
        condition = f"{_NO_BASE if first else _SAME_BASE} AND {_LEASE_HELD} AND {_SETTLED}"
        condition += f" AND {same_erasures(generation.erasures)}"
        if plan is not None:
            sets += ", settleRunId = :holder"
            removes += ", fullRequired"
            if plan.covered_items is None:
                removes += ", coveredItems"
            else:
                sets += ", coveredItems = :covered"
                values[":covered"] = plan.covered_items
            condition += f" AND {_SAME_SETTINGS}"
            values[":settings"] = plan.settings_version
        elif publication.erasure_id is not None:
            removes += ", erasureOpening"
            values[":erasure"] = publication.erasure_id
        elif generation.origin is GenerationOrigin.RESTORE:
            sets += ", fullRequired = :true"
            values[":true"] = True
        if publication.erasure_id is not None:
            condition += f" AND {_THIS_ERASURE}"
        else:
            values[":active"] = SourceStatus.ACTIVE
            condition += f" AND {ACTIVE}" + ("" if plan is not None else f" AND {NO_ERASURE_OPEN}")
        if publication.minds_lock:
            condition += f" AND {PUBLISHING_OPEN}"
        return self.catalog.updating(
            generation.tenant_id, source_sk(generation.source_id), f"SET {sets} REMOVE {removes}", condition, values
        )

    def _run_update(self, generation: Generation, run_id: str, plan: Plan) -> Action:
        return self.catalog.updating(
            generation.source_id,
            run_sk(run_id),
            "SET #state = :published, generationId = :generation, updatedAt = :now REMOVE lastError",
            f"{SAME_PLAN} AND {READY} AND {_PLAN_LIVES}",
            {
                ":published": RunState.PUBLISHED,
                ":ready": RunState.READY,
                ":generation": generation.generation_id,
                ":version": plan.version,
                ":now": generation.published_at,
            },
        )


def _recorded(publication: Publication) -> AuditEntry | None:
    generation = publication.generation
    subject = {"sourceId": generation.source_id, "generationId": generation.generation_id}
    kind = AuditKind.RUN_APPLIED
    if generation.run_id is not None:
        subject["runId"] = generation.run_id
    if generation.restored_from is not None:
        kind = AuditKind.GENERATION_RESTORED
        subject["restoredFrom"] = generation.restored_from
    return entry_of(
        publication.by, kind, generation.tenant_id, generation.published_at, subject, message=generation.message
    )
