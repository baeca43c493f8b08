"""Deleting what nothing names any more, source by source.

    list objects older than a day -> read the runs they belong to -> read the generations -> delete what none names

What would break it, and what stands against it:

- Objects that a request is about to name: they are younger than a day, and no attempt outlives 15 minutes.
- A run is published in the middle: it was live when the runs were read, or its generation is there when the
  generations are, which comes later.
- A run is applied after it was found expired: it is marked first, and publishing demands that it is not.
- A generation is restored after it was found retired: it is marked first, and publishing demands that it is not.
- A table of names that can't be read: nothing of the source is deleted, for what it names is not known.
- A crash: what was deleted was garbage; the rest is found again.
- More staged contents than a look has time for: it asks whose they are for so many, and the next goes on behind them. A
  content that loses its row behind the walk is found by the next walk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.segments.building import current_format

from knowledge.errors import RunNotFoundError, SnapshotNotFoundError
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.limits import CONTENT_SETTLED_MS, OBJECT_SETTLED_MS, RECHECK_MS, ROW_READ_MS
from knowledge.ports import Clock
from knowledge.runs.model import Run, RunState
from knowledge.sources.model import Source
from knowledge.storage.format import canonical_json
from knowledge.storage.objects import StoredObject
from knowledge.upkeep.retention import has_expired, needs_objects, snapshot_needs_parts, to_retire
from knowledge.upkeep.store import Look
from knowledge.upkeep.stores import UpkeepStores

_CONTENTS_AT_A_TIME = 100
# Asking one takes 1 ms of processor time, so a look spends up to 2 minutes at it.
_CONTENTS_A_LOOK = 100_000


@dataclass(frozen=True, slots=True)
class Collected:
    """What one look at a source came to; `changed` says whether anything had since the last look."""

    deleted: int = 0
    deleted_bytes: int = 0
    retired: int = 0
    expired: int = 0
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Collector:
    """Collects the garbage of sources."""

    stores: UpkeepStores
    clock: Clock

    def collect_garbage(self, source: Source) -> Collected:
        """Delete what nothing names, unless an erasure is open, which writes what only it knows of.

        Raises ObjectGoneError when an index can't be read; nothing is deleted then.
        """
        if source.erasure_id is not None:
            return Collected()
        now = self.clock()
        old = self._list(source, ("runs", "index", "snapshots"), now - OBJECT_SETTLED_MS)
        contents = self._list(source, ("content",), now - CONTENT_SETTLED_MS)
        runs, expired = self._runs_of(source, old, now)
        kept = self.stores.generations.list_kept(source.source_id)
        retired = to_retire(kept, now)
        for generation in retired:
            self.stores.generations.retire_generation(generation, now)
        if retired:
            # One of them may have been restored before it was marked, and what that published names its objects.
            kept = self.stores.generations.list_kept(source.source_id)
        published = {generation.run_id for generation in kept}
        live = {run_id for run_id, run in runs.items() if needs_objects(run, published, source.settle_run_id, now)}
        # By other code, or for another language, segments are built otherwise, which is the compaction's.
        built_by = [current_format(), source.default_language]
        state = [sorted(live), [generation.generation_id for generation in kept], now // RECHECK_MS, built_by]
        last = self.stores.upkeep.last_look(source.source_id)
        if last.seen == _fingerprint(state, [*old, *contents]):
            return Collected(retired=len(retired), expired=expired)
        named = self._find_named(kept)
        garbage = [each for each in old if self._is_garbage(source, each, live, named, now)]
        unasked = [each for each in contents if each.key > last.contents_behind]
        asked, later = unasked[:_CONTENTS_A_LOOK], unasked[_CONTENTS_A_LOOK:]
        garbage += self._unnamed_contents(source, asked, now)
        self.stores.objects.delete_objects([each.key for each in garbage])
        gone = set(garbage)
        look = (
            Look(contents_behind=asked[-1].key)
            if later
            else Look(_fingerprint(state, [each for each in (*old, *contents) if each not in gone]))
        )
        self.stores.upkeep.note_look(source.source_id, look)
        return Collected(
            deleted=len(garbage),
            deleted_bytes=sum(each.size for each in garbage),
            retired=len(retired),
            expired=expired,
            changed=True,
        )

    def _list(self, source: Source, kinds: Sequence[str], before: int) -> list[StoredObject]:
        prefixes = [f"{kind}/{source.tenant_id}/{source.source_id}/" for kind in kinds]
        return [
            each
            for prefix in prefixes
            for each in self.stores.objects.list_objects(prefix)
            if each.written_at <= before
        ]

    def _runs_of(self, source: Source, old: Sequence[StoredObject], now: int) -> tuple[dict[str, Run], int]:
        """Read the runs that old objects belong to, and mark those that are over; a run that is not there has none."""
        runs: dict[str, Run] = {}
        expired = 0
        for run_id in dict.fromkeys(each.key.split("/")[3] for each in old if each.key.startswith("runs/")):
            try:
                run = self.stores.runs.get_run(source.source_id, run_id)
            except RunNotFoundError:
                continue
            if has_expired(run, now) and self.stores.runs.set_expired(run, now):
                run = replace(run, state=RunState.EXPIRED)
                expired += 1
            runs[run_id] = run
        return runs, expired

    def _find_named(self, kept: Sequence[Generation]) -> set[str]:
        """The keys of the objects that the generations which are kept (the latest first) are served from.

        A run adds to what its base names, but may put segments together. So the tables that are read are the latest,
        and the last ones before each compaction, restore, erasure and run that did so; and those that an erasure wrote
        anew, each of which names copies.
        """
        named: set[str] = set()
        newer: Generation | None = None
        for generation in kept:
            after_run = newer is not None and newer.origin is GenerationOrigin.RUN and not newer.replaces_segments
            anew = generation.served_root_hash or (newer and newer.served_root_hash)
            if not after_run or anew:
                named |= self.stores.index.open_index(generation.manifest).keys()
            newer = generation
        return named

    def _is_garbage(self, source: Source, each: StoredObject, live: set[str], named: set[str], now: int) -> bool:
        kind, _, _, owner, *_ = each.key.split("/")
        if each.key in named:
            return False
        if kind == "runs":
            return owner not in live
        if kind == "snapshots":
            return not self._snapshot_is_read(source.source_id, owner, now)
        return True

    def _snapshot_is_read(self, source_id: str, snapshot_id: str, now: int) -> bool:
        try:
            return snapshot_needs_parts(self.stores.snapshots.get_snapshot(source_id, snapshot_id), now)
        except SnapshotNotFoundError:
            return False

    def _unnamed_contents(self, source: Source, contents: Sequence[StoredObject], now: int) -> list[StoredObject]:
        """Choose the staged contents that their item's row does not name, and has not named for an hour."""
        chosen: list[StoredObject] = []
        for start in range(0, len(contents), _CONTENTS_AT_A_TIME):
            batch = contents[start : start + _CONTENTS_AT_A_TIME]
            owners = self.stores.fanout.map(lambda each: self.stores.objects.owner_of(each.key), batch)
            rows = self.stores.items.read_rows(
                source.source_id, list({owner for owner in owners if owner is not None}), now
            )
            for each, owner in zip(batch, owners, strict=True):
                row = None if owner is None else rows.get(owner)
                referenced = row is not None and (row.content_key == each.key or row.updated_at + ROW_READ_MS > now)
                if owner is not None and not referenced:
                    chosen.append(each)
        return chosen


def _fingerprint(state: object, objects: Sequence[StoredObject]) -> str:
    return hashlib.sha256(canonical_json([state, [each.key for each in objects]])).hexdigest()
