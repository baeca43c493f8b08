"""The one write that publishes a generation, whether a run, a restore or a compaction made it.

What would break it, and what stands against it:

- The base, the settings, the status, the publish lock, the lease or the plan change after the checks: the publishing
  write demands each as it was.
- A crash after that write, or a lost answer: the generation's row tells that it is published, and settling is taken up
  by whoever comes next.
- A generation is retired while it is being restored: the publishing write demands that it is not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from knowledge.errors import (
    ApplyConflictError,
    ErasureInProgressError,
    GenerationNotFoundError,
    GenerationRetiredError,
    KnowledgeError,
    LeaseLostError,
    PublishingLockedError,
    RunDiscardedError,
    ServiceUnavailableError,
    SourceInactiveError,
    StaleBaseError,
    StalePlanError,
)
from knowledge.events import GENERATION_PUBLISHED, Event
from knowledge.generations.model import Generation
from knowledge.generations.settling import Settler
from knowledge.generations.store import Publication, PublicationRefusedError
from knowledge.generations.stores import GenerationStores
from knowledge.ports import Clock, NewId
from knowledge.runs.model import Plan, RunState
from knowledge.sources.model import Source

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes generations that are built."""

    stores: GenerationStores
    settler: Settler
    clock: Clock
    new_id: NewId

    def publish_generation(self, publication: Publication) -> Generation:
        """Make the generation the one that is served, then settle. Published already is success.

        Raises the refusals of `knowledge.errors`.
        """
        generation, made_before = replace(publication.generation, published_at=self.clock()), False
        try:
            self.stores.generations.publish_generation(
                replace(publication, generation=generation), self._event(generation)
            )
        except (PublicationRefusedError, ApplyConflictError, ServiceUnavailableError, ClientError) as error:
            published = self._find_published(generation)
            if published is None:
                raise self._reason(publication, error) from error
            # An earlier try of this task made it; its time of publication is the one that counts.
            generation, made_before = published, True
        if publication.plan is not None:
            self._settle_after(generation, publication.holder_id, publication.plan, made_before=made_before)
        return generation

    def _event(self, generation: Generation) -> Event:
        return Event(
            event_id=self.new_id("evt"),
            event_type=GENERATION_PUBLISHED,
            tenant_id=generation.tenant_id,
            source_id=generation.source_id,
            occurred_at=generation.published_at,
            data={
                "generationId": generation.generation_id,
                "baseGenerationId": generation.base_generation_id,
                "sequence": generation.sequence,
                "origin": generation.origin,
                "runId": generation.run_id,
            },
        )

    def _find_published(self, generation: Generation) -> Generation | None:
        try:
            return self.stores.generations.get_generation(generation.source_id, generation.generation_id)
        except GenerationNotFoundError:
            return None

    def _reason(self, publication: Publication, error: Exception) -> Exception:
        """Say why a publication was refused, from what is stored now."""
        if not isinstance(error, PublicationRefusedError):
            return error
        generation, plan = publication.generation, publication.plan
        source = self.stores.sources.get_source(generation.tenant_id, generation.source_id)
        holder = None if source.lease is None else (source.lease.token, source.lease.run_id)
        closed = source.erasure_id is None or plan is not None
        holds: list[tuple[bool, Callable[[], KnowledgeError]]] = [
            (source.active or publication.erasure_id is not None, SourceInactiveError),
            (source.publish_lock is None or not publication.minds_lock, lambda: _locked(source)),
            (closed or publication.erasure_id is not None, ErasureInProgressError),
            (source.erasure_epoch == generation.erasures, StalePlanError),
            (source.generation_id == generation.base_generation_id, StaleBaseError),
            (source.base_digest == publication.base_digest, StaleBaseError),
            (holder == (publication.lease_token, publication.holder_id), LeaseLostError),
        ]
        if plan is not None:
            run = self.stores.runs.get_run(generation.source_id, publication.holder_id)
            as_planned = run.plan_version == plan.version and run.state is RunState.READY
            holds.insert(0, (run.state is not RunState.DISCARDED, RunDiscardedError))
            holds.append((source.settings_version == plan.settings_version and as_planned, StalePlanError))
        if generation.restored_from is not None:
            restored = self.stores.generations.get_generation(generation.source_id, generation.restored_from)
            holds.append((restored.retired_at is None, GenerationRetiredError))
        return next((reason() for held, reason in holds if not held), ApplyConflictError())

    def _settle_after(self, generation: Generation, run_id: str, plan: Plan, *, made_before: bool) -> None:
        try:
            if made_before:
                # The try that made it may have come far with this.
                source = self.stores.sources.get_source(generation.tenant_id, generation.source_id)
                if source.settle_run_id == run_id:
                    self.settler.settle(source)
            else:
                self.settler.settle_plan(generation, run_id, plan)
        except (ServiceUnavailableError, ClientError):
            # The generation serves; what publishes next, a run or the upkeep takes the rest up.
            ids = {"tenant_id": generation.tenant_id, "source_id": generation.source_id, "run_id": run_id}
            _log.warning("settling_postponed", exc_info=True, extra=ids)


def _locked(source: Source) -> PublishingLockedError:
    lock = source.publish_lock
    return PublishingLockedError.because_of(None if lock is None else lock.reason)
