"""Publishing what is served from fewer objects: small ones are put together, and half dead ones rewritten.

Segments are built anew where that is owed (see `segments.rebuilding`). The new generation differs from its base in
where things lie: its root hash is the same. All is made before the lease is taken, so that applies wait for the
publishing write alone.

What would break it, and what stands against it:

- Another generation is published meanwhile: the publishing write demands the base. What was made is garbage then.
- A member is not what its hash says: nothing is published, and what can't be read stays where it is.
- An object is left in which something still lies: each leaf with a content there is put anew, and each leaf and block
  there, so none names it; the names of it are only then taken away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from knowledge.errors import ConflictError
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.generations.publishing import Publisher
from knowledge.generations.store import Publication
from knowledge.generations.stores import GenerationStores
from knowledge.index.building import IndexBuilder
from knowledge.index.entries import Entry
from knowledge.index.manifest import BuiltIndex
from knowledge.index.names import GONE, ObjectKind, name_of
from knowledge.index.nodes import Block, Leaf
from knowledge.index.packs import PACK_BYTES, PackWriter, read_packed
from knowledge.index.store import PublishedIndex
from knowledge.index.walking import Position
from knowledge.model import Counts, ObjectRef
from knowledge.ports import Clock, NewId
from knowledge.runs.model import RunState
from knowledge.segments.rebuilding import is_rebuild_owed, is_segment_missing, rebuild_segments
from knowledge.segments.writing import SegmentWriter
from knowledge.sources.leases import held_lease
from knowledge.sources.model import Settle, Source
from knowledge.storage.format import ObjectGoneError
from knowledge.upkeep.scattered import find_scattered, most_dead

_RUNS_LOOKED_AT = 25
# What is built is in memory until its object is written; contents are read so many bytes at once.
_INDEX_BYTES = 32 * 1024 * 1024
_LEAVES_AT_A_TIME = 256


@dataclass(frozen=True, slots=True)
class Compactor:
    """Compacts the current generation of sources."""

    stores: GenerationStores
    settle: Settle
    publisher: Publisher
    clock: Clock
    new_id: NewId

    def compact_source(self, source: Source) -> Generation | None:
        """Publish the current generation from fewer objects; None when there is nothing to gain or it has to wait.

        It waits while an erasure is open, and while a run on the current generation is ready: applying that would be
        refused as stale.
        Raises ObjectGoneError when something is not what its hash says.
        """
        if source.manifest is None or source.generation_id is None or source.erasure_id is not None:
            return None
        if self._is_awaited(source):
            return None
        index = self.stores.index.open_index(source.manifest)
        rows = index.named_objects()
        scattered = find_scattered(rows, index.manifest)
        packs = scattered.packs
        if scattered.folds_packs:
            sizes = {number: row.bytes for number, row in enumerate(rows) if row != GONE and not row.name.is_index}
            packs |= most_dead(sizes, _live_bytes(index))
        rebuilds = is_rebuild_owed(index, source.default_language) or is_segment_missing(
            index, self.stores.objects, self.stores.fanout
        )
        if not packs and not scattered.indexes and not rebuilds:
            return None
        base = self.stores.generations.get_generation(source.source_id, source.generation_id)
        generation_id = self.new_id("gen")
        rewriting = _Rewriting(
            self.stores,
            source.manifest,
            generation_id,
            self.new_id("att"),
            packs,
            scattered.indexes,
            rebuilds,
            source.default_language,
        )
        built = rewriting.rewrite(index)
        if built.root_hash != base.serves:
            raise ObjectGoneError(base.manifest.key)
        generation = replace(
            base,
            generation_id=generation_id,
            sequence=base.sequence + 1,
            base_generation_id=base.generation_id,
            origin=GenerationOrigin.COMPACTION,
            run_id=None,
            restored_from=None,
            root_hash=built.root_hash,
            manifest=built.manifest,
            counts=Counts(unchanged=base.served_total, total=base.served_total),
            content_bytes=built.content_bytes,
            erasures=source.erasure_epoch,
            served_root_hash=None,
            erased=0,
        )
        try:
            return self._publish(source, generation)
        except ConflictError:
            return None

    def _publish(self, source: Source, generation: Generation) -> Generation | None:
        holder = generation.generation_id
        with held_lease(self.stores.sources, source, holder, self.clock()) as held:
            if (held.generation_id, held.manifest) != (generation.base_generation_id, source.manifest):
                return None
            self.settle(held)
            publication = Publication(generation, holder, held.lease_token, held.base_digest)
            return self.publisher.publish_generation(publication)

    def _is_awaited(self, source: Source) -> bool:
        now = self.clock()
        page = self.stores.runs.list_runs(source.source_id, limit=_RUNS_LOOKED_AT, position=None)
        return any(
            run.state is RunState.READY
            and run.plan is not None
            and run.plan.base_generation_id == source.generation_id
            and run.plan.counts.changes > 0
            and run.plan.expires_at > now
            for run in page.items
        )


@dataclass(slots=True)
class _Rewriting:
    """Moves what lies in some packs and index objects, by their numbers in the base's table, into new ones."""

    stores: GenerationStores
    published: ObjectRef
    generation_id: str
    attempt_id: str
    packs: frozenset[int]
    indexes: frozenset[int]
    rebuilds: bool = False
    default_language: str | None = None
    objects_written: int = 0
    packs_written: int = 0

    def rewrite(self, base: PublishedIndex) -> BuiltIndex:
        """Write the state of `base` without those objects, in one index object or, if it is large, several."""
        moved = self.packs | self.indexes
        index, position = base, None
        while True:
            builder, pack = self._begin(index)
            if moved:
                position = self._go_on(base, builder, pack, min(moved), position)
                pack.close()
                self.packs_written = pack.next_number
            if position is None and moved:
                builder.forget_objects(moved)
            if position is None and self.rebuilds:
                self._rebuild_segments(base, builder)
            built = builder.finish()
            if built is None:
                raise AssertionError
            if position is None:
                return built
            index = self.stores.index.open_index(built.manifest)

    def _rebuild_segments(self, base: PublishedIndex, builder: IndexBuilder) -> None:
        kind = ObjectKind.COMPACTED_SEGMENT
        writer = SegmentWriter(
            self.stores.objects,
            self.stores.fanout,
            builder,
            kind,
            self.generation_id,
            self.attempt_id,
            self.default_language,
        )
        rebuild_segments(base, writer)

    def _begin(self, index: PublishedIndex) -> tuple[IndexBuilder, PackWriter]:
        own = name_of(ObjectKind.COMPACTED_INDEX, self.generation_id, self.attempt_id, self.objects_written)
        self.objects_written += 1
        builder = IndexBuilder(self.stores.objects, index.tenant_id, index.source_id, own, index, self.published)
        kind = ObjectKind.COMPACTED_PACK
        pack = PackWriter(self.stores.objects, builder, kind, self.generation_id, self.attempt_id, self.packs_written)
        return builder, pack

    def _go_on(
        self, base: PublishedIndex, builder: IndexBuilder, pack: PackWriter, first: int, position: Position | None
    ) -> Position | None:
        """Rewrite leaves from behind a position on, in order; returns where it stopped, None at the end."""
        walk = self._leaves(base, first, position)
        while batch := list(islice(walk, _LEAVES_AT_A_TIME)):
            entries: dict[str, Entry | None] = {}
            moving: list[Entry] = []
            for columns in base.trie.read_columns([leaf for _, leaf in batch]):
                # One that is put again has its leaf written anew, and all nodes above it.
                entries[columns.ids[0]] = columns.entry(0)
                moving += [columns.entry(at) for at, number in enumerate(columns.packs) if number in self.packs]
            entries.update((entry.external_item_id, entry) for entry in self._moved(base, pack, moving))
            builder.update(entries)
            position = Position(batch[-1][0])
            if builder.size > _INDEX_BYTES:
                return position
        return None

    def _leaves(self, base: PublishedIndex, first: int, position: Position | None) -> Iterator[tuple[str, Leaf]]:
        """The leaves that must be written anew: they, their contents or a block above them lie in what is left.

        What lies in an object names none that is newer, so what is older than all of these is passed over.
        """
        above: list[Block] = []

        def foreseen(node: Leaf | Block) -> bool:
            return node.place is not None and node.place.number >= first

        def wanted(node: Leaf | Block) -> bool:
            if isinstance(node, Block) and node.place.number in self.indexes:
                # Its first leaf, at least.
                above.append(node)
            return bool(above) or foreseen(node)

        for path, leaf in base.trie.walk(position, wanted=wanted, foreseen=foreseen):
            if position is not None and path <= position.path:
                continue
            above.clear()
            yield path, leaf

    def _moved(self, base: PublishedIndex, pack: PackWriter, moving: Sequence[Entry]) -> Iterator[Entry]:
        """Copy contents into the open pack; returns the entries that name them there."""
        for entry, (member, _) in zip(moving, read_packed(base, moving), strict=True):
            if pack.size + len(member) > PACK_BYTES:
                pack.close()
            number = pack.number
            yield entry._replace(pack=number, offset=pack.add(member))


def _live_bytes(index: PublishedIndex) -> Counter[int]:
    """How many bytes of each pack a state serves."""
    live: Counter[int] = Counter()
    for _, entry in index.trie.entries_from(index.trie.walk()):
        live[entry.pack] += entry.length
    return live
