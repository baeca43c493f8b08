"""What an apply does before it publishes: the lease, the checks, and that all is there which the run has built.

The run has built the index of what it is to publish, on the state that it was planned against. So nothing of the index
but its root is read under the lease, and nothing is written.

What would break it, and what stands against it:

- Two applies at once: the lease admits one, and the publishing write demands its token.
- The published state is not the one that the index was built on: the plan names the manifest of that, and the
  publishing write demands it beside the generation.
- A pack or an index object that the run wrote is gone: each is asked for, and the run is planned again. Files of
  changes are not served; see `settling` for one that is gone.
- The state has fewer documents to be found than items: its segments are none of it.
- Another apply published a later plan of the run than the one that was reviewed: this one is refused.
- An apply with nothing to change forgets nothing: an older run could be published over what it forgot.
"""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.actors import author_of
from knowledge.audit import AuditEntry, AuditKind, entry_of
from knowledge.errors import BuildFailedError, RunDiscardedError, StalePlanError
from knowledge.generations.eligibility import ApplyRequest, check_applicable
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.generations.store import Publication
from knowledge.index.store import PublishedIndex
from knowledge.ports import Clock, NewId
from knowledge.runs.model import Plan, Run, RunState, check_reviewed
from knowledge.runs.stores import RunStores
from knowledge.sources.model import Settle, Source
from knowledge.storage.format import ObjectGoneError, UnknownFormatError


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """What an apply is to do: make a publication, or nothing where a generation serves that already."""

    publication: Publication | None = None
    generation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes publications of runs."""

    stores: RunStores
    settle: Settle
    clock: Clock
    new_id: NewId

    def build_generation(self, request: ApplyRequest) -> BuildOutcome:
        """Take the lease and make the checks.

        Raises the refusals of `knowledge.errors`; the lease is freed then, and when there is nothing to publish.
        """
        now = self.clock()
        source = self.stores.sources.acquire_lease(request.tenant_id, request.source_id, request.run_id, now)
        try:
            outcome = self._build(source, request, now)
        except Exception:
            self.stores.sources.release_lease(source.tenant_id, source.source_id, source.lease_token)
            raise
        if outcome.generation_id is not None:
            self.stores.sources.release_lease(source.tenant_id, source.source_id, source.lease_token)
        return outcome

    def _build(self, source: Source, request: ApplyRequest, now: int) -> BuildOutcome:
        run = self.stores.runs.get_run(request.source_id, request.run_id)
        if run.state is RunState.PUBLISHED:
            check_reviewed(run, request.plan_version)
            return BuildOutcome(generation_id=run.generation_id)
        plan = check_applicable(source, run, request, now)
        if plan.counts.changes == 0 and source.generation_id is not None:
            recorded = _applied(source, run, now, request)
            if not self.stores.runs.set_published(run, source.generation_id, now, recorded):
                run = self.stores.runs.get_run(request.source_id, request.run_id)
                if run.state is not RunState.PUBLISHED:
                    raise RunDiscardedError if run.state is RunState.DISCARDED else StalePlanError
                check_reviewed(run, request.plan_version)
            return BuildOutcome(generation_id=source.generation_id)
        if source.settle_run_id is not None:
            self.settle(source)
        index = self._check_objects(run, plan)
        generation = Generation(
            tenant_id=source.tenant_id,
            source_id=source.source_id,
            generation_id=self.new_id("gen"),
            sequence=source.sequence + 1,
            base_generation_id=plan.base_generation_id,
            origin=GenerationOrigin.RUN,
            run_id=run.run_id,
            root_hash=plan.index.root_hash,
            manifest=plan.index.manifest,
            counts=plan.counts,
            content_bytes=plan.index.content_bytes,
            published_at=self.clock(),
            created_by=author_of(request.by),
            message=request.message,
            erasures=plan.erasures,
            replaces_segments=index.manifest.segments.replaces,
        )
        publication = Publication(generation, run.run_id, source.lease_token, plan.base_digest, plan, by=request.by)
        return BuildOutcome(publication=publication)

    def _check_objects(self, run: Run, plan: Plan) -> PublishedIndex:
        """Make sure that what is to be served is there, and that the index is what the plan says; returns that."""
        try:
            index = self.stores.index.open_index(plan.index.manifest)
            self.stores.fanout.map(self.stores.objects.check_object, index.objects_of(run.run_id))
        except (ObjectGoneError, UnknownFormatError) as error:
            raise StalePlanError from error
        if (
            index.manifest.base_digest != plan.base_digest
            or index.built != plan.index
            or plan.index.entries != plan.counts.total
            or _lacks_documents(index)
        ):
            raise BuildFailedError
        return index


def _lacks_documents(index: PublishedIndex) -> bool:
    """Tell whether fewer documents can be found than items are served."""
    segments = index.manifest.segments
    return segments.rows is not None and segments.documents < index.manifest.entries


def _applied(source: Source, run: Run, now: int, request: ApplyRequest) -> AuditEntry | None:
    """The record of an apply that has nothing to publish; any other is recorded by what publishes it."""
    subject = {"sourceId": source.source_id, "runId": run.run_id, "generationId": source.generation_id or ""}
    return entry_of(request.by, AuditKind.RUN_APPLIED, source.tenant_id, now, subject, message=request.message)
