"""Building the generation of a run: lease, checks, and the changed leaves copied on write.

What would break it, and what stands against it:

- Two applies at once: the lease admits one, and the publishing write demands its token.
- A crash before that write leaves only objects that nothing names.
- An apply with nothing to change forgets nothing: an older run could be published over what it forgot.
"""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.errors import BuildFailedError, StalePlanError
from knowledge.generations.eligibility import ApplyRequest, check_applicable
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.generations.store import Publication
from knowledge.index.codec import Manifest
from knowledge.index.store import index_folder, manifest_key
from knowledge.index.trie import Tree
from knowledge.model import ObjectRef
from knowledge.ports import Clock, NewId
from knowledge.runs.change_file import DROP, ChangePart, decode_part
from knowledge.runs.model import Plan, Run, RunState
from knowledge.runs.stores import RunStores
from knowledge.sources.leases import LeaseKeeper
from knowledge.sources.model import Settle, Source
from knowledge.storage.format import UnknownFormatError
from knowledge.storage.objects import ObjectGoneError


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """How far a build has come: the parts done, and the tree with them in."""

    generation_id: str
    lease_token: int
    plan_version: int
    parts_done: int
    manifest: ObjectRef


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """What one building call came to: more to do, a publication to make, or a generation that serves already."""

    build: BuildProgress | None = None
    publication: Publication | None = None
    generation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds generations from runs."""

    stores: RunStores
    settle: Settle
    clock: Clock
    new_id: NewId

    def build_part(self, request: ApplyRequest, build: BuildProgress | None = None) -> BuildOutcome:
        """Build a part of the generation; the first call takes the lease and makes the checks.

        Raises the refusals of `knowledge.errors`. The lease is freed on any failure of the first call; later the
        machine's catch-all frees it, since the call may be retried.
        """
        now = self.clock()
        if build is not None:
            # The source as the renewal left it: read later, it could hold the token of whoever took the lease over.
            source = self.stores.sources.renew_lease(request.tenant_id, request.source_id, build.lease_token, now)
            return self._go_on(source, self.stores.runs.get_run(request.source_id, request.run_id), build, now)
        source = self.stores.sources.acquire_lease(request.tenant_id, request.source_id, request.run_id, now)
        try:
            outcome = self._start(source, request, now)
        except Exception:
            self.stores.sources.release_lease(source.tenant_id, source.source_id, source.lease_token)
            raise
        if outcome.generation_id is not None:
            self.stores.sources.release_lease(source.tenant_id, source.source_id, source.lease_token)
        return outcome

    def _start(self, source: Source, request: ApplyRequest, now: int) -> BuildOutcome:
        run = self.stores.runs.get_run(request.source_id, request.run_id)
        if run.state is RunState.PUBLISHED:
            return BuildOutcome(generation_id=run.generation_id)
        plan = check_applicable(source, run, request, now)
        if plan.counts.changes == 0 and source.generation_id is not None:
            if not self.stores.runs.set_published(run, source.generation_id, now):
                run = self.stores.runs.get_run(request.source_id, request.run_id)
                if run.state is not RunState.PUBLISHED:
                    raise StalePlanError
            return BuildOutcome(generation_id=source.generation_id)
        if source.settle_run_id is not None:
            self.settle(source)
        return self._fold(source, run, plan, self.new_id("gen"), 0, source.manifest, now)

    def _go_on(self, source: Source, run: Run, build: BuildProgress, now: int) -> BuildOutcome:
        if run.state is RunState.PUBLISHED:
            return BuildOutcome(generation_id=run.generation_id)
        if run.plan is None or run.plan_version != build.plan_version:
            raise StalePlanError
        return self._fold(source, run, run.plan, build.generation_id, build.parts_done, build.manifest, now)

    def _fold(
        self, source: Source, run: Run, plan: Plan, generation_id: str, done: int, manifest: ObjectRef | None, now: int
    ) -> BuildOutcome:
        """Fold the next part of the plan into the tree, and close the tree after the last one."""
        keeper = LeaseKeeper(
            self.stores.sources, source.tenant_id, source.source_id, source.lease_token, self.clock, now
        )
        where = index_folder(source.tenant_id, source.source_id, generation_id)
        part, last = self._read_part(plan, done)
        try:
            tree = Tree() if manifest is None else self.stores.index.read_manifest(manifest).tree
            changes = {line.external_item_id: line.entry for line in part.lines if line.kind != DROP}
            self.stores.index.copy_on_write(tree, changes, where, keeper.keep)
            if last:
                self.stores.index.close_groups(tree, where)
            root = Manifest(
                source.tenant_id, source.source_id, generation_id, plan.base_generation_id, tree.root_hash, tree
            )
            key = f"{where}/partial-{done:04d}.json.gz"
            if last:
                key = manifest_key(source.tenant_id, source.source_id, generation_id)
            written = self.stores.index.write_manifest(key, root)
        except (ObjectGoneError, UnknownFormatError) as error:
            raise BuildFailedError from error
        if not last:
            build = BuildProgress(generation_id, source.lease_token, run.plan_version, done + 1, written)
            return BuildOutcome(build=build)
        if tree.entries != plan.counts.total:
            raise BuildFailedError
        generation = Generation(
            tenant_id=source.tenant_id,
            source_id=source.source_id,
            generation_id=generation_id,
            sequence=source.sequence + 1,
            base_generation_id=plan.base_generation_id,
            origin=GenerationOrigin.RUN,
            run_id=run.run_id,
            root_hash=root.root_hash,
            manifest=written,
            counts=plan.counts,
            content_bytes=tree.content_bytes,
            published_at=self.clock(),
        )
        return BuildOutcome(publication=Publication(generation, run.run_id, source.lease_token, plan))

    def _read_part(self, plan: Plan, number: int) -> tuple[ChangePart, bool]:
        """Read a part of the plan, and tell whether it is the last."""
        try:
            parts = self.stores.plan_parts.parts_of(plan)
            part = decode_part(self.stores.objects.get(parts[number].object))
            self.stores.objects.check_objects(part.packs)
        except (ObjectGoneError, UnknownFormatError) as error:
            raise StalePlanError from error
        return part, number + 1 == len(parts)
