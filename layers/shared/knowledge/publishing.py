"""Applying a run: lease, checks, copy-on-write build, and the one write that publishes.

What would break it, and what stands against it:

- Two applies at once: the lease admits one, and the publishing write demands its token.
- The base, the settings, the status or the plan change after the checks: the publishing write demands each as it was.
- A crash before that write leaves only objects that nothing names. A crash, or a lost answer, after it: the
  generation's row tells that it is published, and settling is taken up by the next run or apply.
- An apply with nothing to change forgets nothing: an older run could be published over what it forgot.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from knowledge.change_file import DROP, ChangePart, decode_part
from knowledge.eligibility import ApplyRequest, check_applicable
from knowledge.errors import (
    ApplyConflictError,
    BuildFailedError,
    GenerationNotFoundError,
    KnowledgeError,
    LeaseLostError,
    ServiceUnavailableError,
    SourceInactiveError,
    StaleBaseError,
    StalePlanError,
)
from knowledge.events import GENERATION_PUBLISHED, Event
from knowledge.generation_store import GenerationStore, Publication, PublicationRefusedError
from knowledge.index_codec import Manifest, UnknownFormatError
from knowledge.index_store import IndexStore
from knowledge.model import Generation, ObjectRef, Plan, Run, RunState, Source
from knowledge.object_store import ObjectGoneError, ObjectStore
from knowledge.ports import Clock, NewId
from knowledge.run_store import RunStore
from knowledge.settling import Settler
from knowledge.source_store import SourceStore
from knowledge.trie import Tree

RENEW_EVERY_MS = 5_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Build:
    """How far a build has come: the parts done, and the tree with them in."""

    generation_id: str
    lease_token: int
    plan_version: int
    parts_done: int
    manifest: ObjectRef


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """What one building call came to: more to do, a publication to make, or a generation that serves already."""

    build: Build | None = None
    publication: Publication | None = None
    generation_id: str | None = None


@dataclass(slots=True)
class LeaseKeeper:
    """Renews a lease whenever 5 s have gone by; LeaseLostError when it is another's."""

    sources: SourceStore
    tenant_id: str
    source_id: str
    token: int
    clock: Clock
    renewed_at: int

    def keep(self) -> None:
        """Renew the lease if it is time."""
        now = self.clock()
        if now - self.renewed_at >= RENEW_EVERY_MS:
            self.sources.renew_lease(self.tenant_id, self.source_id, self.token, now)
            self.renewed_at = now


@dataclass(frozen=True, slots=True)
class Publisher:
    """Builds generations from runs and publishes them."""

    sources: SourceStore
    runs: RunStore
    generations: GenerationStore
    objects: ObjectStore
    index: IndexStore
    settler: Settler
    clock: Clock
    new_id: NewId

    def build(self, request: ApplyRequest, build: Build | None = None) -> BuildOutcome:
        """Build a part of the generation; the first call takes the lease and makes the checks.

        Raises the refusals of `knowledge.errors`. The lease is freed on any failure of the first call; later the
        machine's catch-all frees it, since the call may be retried.
        """
        now = self.clock()
        if build is not None:
            # The source as the renewal left it: read later, it could hold the token of whoever took the lease over.
            source = self.sources.renew_lease(request.tenant_id, request.source_id, build.lease_token, now)
            return self._go_on(source, self.runs.get(request.source_id, request.run_id), build, now)
        source = self.sources.acquire_lease(request.tenant_id, request.source_id, request.run_id, now)
        try:
            outcome = self._start(source, request, now)
        except Exception:
            self.sources.release_lease(source.tenant_id, source.source_id, source.lease_token)
            raise
        if outcome.generation_id is not None:
            self.sources.release_lease(source.tenant_id, source.source_id, source.lease_token)
        return outcome

    def publish(self, publication: Publication) -> None:
        """Make the generation the one that is served, then settle. Published already is success."""
        generation = replace(publication.generation, published_at=self.clock())
        publication = replace(publication, generation=generation)
        event = Event(
            event_id=self.new_id("evt"),
            event_type=GENERATION_PUBLISHED,
            tenant_id=generation.tenant_id,
            source_id=generation.source_id,
            occurred_at=generation.published_at,
            data={
                "generationId": generation.generation_id,
                "sequence": generation.sequence,
                "runId": publication.run_id,
            },
        )
        try:
            self.generations.publish(publication, event)
        except (PublicationRefusedError, ApplyConflictError, ServiceUnavailableError, ClientError) as error:
            published = self._find_published(generation)
            if published is None:
                raise self._reason(publication, error) from error
            # An earlier try of this task made it; its time of publication is the one that counts.
            publication = replace(publication, generation=published)
        self._settle_after(publication)

    def _start(self, source: Source, request: ApplyRequest, now: int) -> BuildOutcome:
        run = self.runs.get(request.source_id, request.run_id)
        if run.state is RunState.PUBLISHED:
            return BuildOutcome(generation_id=run.generation_id)
        plan = check_applicable(source, run, request, now)
        if source.settle_run_id is not None:
            self.settler.settle(source)
        if plan.counts.changes == 0 and source.generation_id is not None:
            if not self.runs.set_published(run, source.generation_id, now):
                run = self.runs.get(request.source_id, request.run_id)
                if run.state is not RunState.PUBLISHED:
                    raise StalePlanError
            return BuildOutcome(generation_id=source.generation_id)
        return self._fold(source, run, plan, self.new_id("gen"), 0, source.manifest, now)

    def _go_on(self, source: Source, run: Run, build: Build, now: int) -> BuildOutcome:
        if run.state is RunState.PUBLISHED:
            return BuildOutcome(generation_id=run.generation_id)
        if run.plan is None or run.plan_version != build.plan_version:
            raise StalePlanError
        return self._fold(source, run, run.plan, build.generation_id, build.parts_done, build.manifest, now)

    def _fold(
        self, source: Source, run: Run, plan: Plan, generation_id: str, done: int, manifest: ObjectRef | None, now: int
    ) -> BuildOutcome:
        """Fold the next part of the plan into the tree, and close the tree after the last one."""
        keeper = LeaseKeeper(self.sources, source.tenant_id, source.source_id, source.lease_token, self.clock, now)
        where = f"index/{source.tenant_id}/{source.source_id}/{generation_id}"
        part = self._read_part(plan.parts[done].object)
        try:
            tree = Tree() if manifest is None else self.index.read_manifest(manifest).tree
            changes = {line.external_item_id: line.entry for line in part.lines if line.kind != DROP}
            self.index.copy_on_write(tree, changes, where, keeper.keep)
            last = done + 1 == len(plan.parts)
            if last:
                self.index.close_groups(tree, where)
            root = Manifest(
                source.tenant_id, source.source_id, generation_id, plan.base_generation_id, tree.root_hash, tree
            )
            key = f"{where}/partial-{done:04d}.json.gz"
            if last:
                key = f"manifests/{source.tenant_id}/{source.source_id}/{generation_id}.json.gz"
            written = self.index.write_manifest(key, root)
        except (ObjectGoneError, UnknownFormatError) as error:
            raise BuildFailedError from error
        if not last:
            build = Build(generation_id, source.lease_token, run.plan_version, done + 1, written)
            return BuildOutcome(build=build)
        if tree.entries != plan.counts.total:
            raise BuildFailedError
        generation = Generation(
            tenant_id=source.tenant_id,
            source_id=source.source_id,
            generation_id=generation_id,
            sequence=source.sequence + 1,
            base_generation_id=plan.base_generation_id,
            run_id=run.run_id,
            root_hash=root.root_hash,
            manifest=written,
            counts=plan.counts,
            content_bytes=tree.content_bytes,
            published_at=self.clock(),
        )
        return BuildOutcome(publication=Publication(generation, run.run_id, plan, source.lease_token))

    def _read_part(self, ref: ObjectRef) -> ChangePart:
        try:
            part = decode_part(self.objects.get(ref))
            self.objects.check(part.packs)
        except (ObjectGoneError, UnknownFormatError) as error:
            raise StalePlanError from error
        return part

    def _find_published(self, generation: Generation) -> Generation | None:
        try:
            return self.generations.get(generation.source_id, generation.generation_id)
        except GenerationNotFoundError:
            return None

    def _reason(self, publication: Publication, error: Exception) -> Exception:
        """Say why a publication was refused, from what is stored now."""
        if not isinstance(error, PublicationRefusedError):
            return error
        generation = publication.generation
        source = self.sources.get(generation.tenant_id, generation.source_id)
        run = self.runs.get(generation.source_id, publication.run_id)
        holds: list[tuple[bool, Callable[[], KnowledgeError]]] = [
            (source.active, SourceInactiveError),
            (source.generation_id == generation.base_generation_id, StaleBaseError),
            (
                source.lease is not None
                and (source.lease.token, source.lease.run_id) == (publication.lease_token, publication.run_id),
                LeaseLostError,
            ),
            (source.settings_version == publication.plan.settings_version, StalePlanError),
            (run.plan_version == publication.plan.version and run.state is RunState.READY, StalePlanError),
        ]
        return next((reason() for held, reason in holds if not held), ApplyConflictError())

    def _settle_after(self, publication: Publication) -> None:
        generation = publication.generation
        try:
            self.settler.settle_plan(
                generation.tenant_id,
                generation.source_id,
                publication.run_id,
                publication.plan,
                generation.published_at,
            )
        except (ServiceUnavailableError, ClientError):
            # The generation serves; the next run or apply of the source takes the rest up.
            _log.warning("settling_postponed", exc_info=True)
