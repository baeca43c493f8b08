"""Rewriting packs that are tiny or under half live, as a generation that serves the same from fewer objects.

Every publication adds a pack, and every update leaves a dead member in an old one. The new generation differs from its
base in where contents lie: its root hash is the same. All is made before the lease is taken, so that applies wait for
the publishing write alone.

What would break it, and what stands against it:

- Another generation is published meanwhile: the publishing write demands the base. What was made is garbage then.
- A member is not what its hash says: nothing is published, and what can't be read stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from knowledge.errors import ConflictError
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.generations.publishing import Publisher
from knowledge.generations.store import Publication
from knowledge.generations.stores import GenerationStores
from knowledge.index.codec import Manifest
from knowledge.index.packs import PACK_BYTES, PackWriter, read_member
from knowledge.index.store import index_folder, manifest_key
from knowledge.index.trie import Entry, Tree, path_of
from knowledge.model import Counts
from knowledge.ports import Clock, NewId
from knowledge.runs.model import RunState
from knowledge.sources.leases import held_lease
from knowledge.sources.model import Settle, Source
from knowledge.storage.objects import ObjectGoneError
from knowledge.upkeep.marking import PackUse

TINY_BYTES = 256 * 1024
TINY_PACKS = 64
HALF_LIVE_BYTES = 1024 * 1024
MOVED_BYTES = 256 * 1024 * 1024
MOVED_ITEMS = 20_000
_RUNS_LOOKED_AT = 25
_LEAVES_AT_A_TIME = 64
_ITEMS_AT_A_TIME = 1_000
_MEMBERS_AT_A_TIME = 16


def choose_packs(packs: Mapping[str, PackUse], sizes: Mapping[str, int]) -> list[str]:
    """Choose the packs that are worth rewriting: half dead and large together, or tiny and many.

    `packs` tells how each is used, `sizes` its bytes; one that has no size is too young. Bounded in bytes and items.
    """
    known = {key: use for key, use in packs.items() if key in sizes}
    half_dead = {key for key, use in known.items() if use.live_bytes * 2 < sizes[key]}
    if sum(sizes[key] - known[key].live_bytes for key in half_dead) < HALF_LIVE_BYTES:
        half_dead = set()
    tiny = {key for key in known if sizes[key] < TINY_BYTES}
    if len(tiny) < TINY_PACKS:
        tiny = set()
    chosen: list[str] = []
    room_bytes, room_items = MOVED_BYTES, MOVED_ITEMS
    for key in sorted(half_dead | tiny, key=lambda key: (known[key].live_bytes, key)):
        room_bytes -= known[key].live_bytes
        room_items -= known[key].items
        if room_bytes < 0 or room_items < 0:
            break
        chosen.append(key)
    return chosen


@dataclass(frozen=True, slots=True)
class Compactor:
    """Compacts the current generation of sources."""

    stores: GenerationStores
    settle: Settle
    publisher: Publisher
    clock: Clock
    new_id: NewId

    def compact_source(
        self, source: Source, packs: Mapping[str, PackUse], sizes: Mapping[str, int]
    ) -> Generation | None:
        """Publish the current generation from fewer packs; None when there is nothing to gain or it has to wait.

        It waits while a run on the current generation is ready: applying that would be refused as stale.
        Raises ObjectGoneError when a member is not what its hash says.
        """
        chosen = choose_packs(packs, sizes)
        if not chosen or source.generation_id is None or self._is_awaited(source):
            return None
        base = self.stores.generations.get_generation(source.source_id, source.generation_id)
        generation_id = self.new_id("gen")
        where = index_folder(source.tenant_id, source.source_id, generation_id)
        tree = self.stores.index.read_manifest(base.manifest).tree
        moved = self._move(self._entries(tree, frozenset(chosen)), where)
        if not moved:
            return None
        # In the order of the index, so that a few leaves at a time are in memory.
        for start in range(0, len(moved), _ITEMS_AT_A_TIME):
            batch: dict[str, Entry | None] = {
                each.external_item_id: each for each in moved[start : start + _ITEMS_AT_A_TIME]
            }
            self.stores.index.copy_on_write(tree, batch, where)
        self.stores.index.close_groups(tree, where)
        if tree.root_hash != base.root_hash:
            raise ObjectGoneError(base.manifest.key)
        manifest = self.stores.index.write_manifest(
            manifest_key(source.tenant_id, source.source_id, generation_id),
            Manifest(source.tenant_id, source.source_id, generation_id, base.generation_id, base.root_hash, tree),
        )
        generation = replace(
            base,
            generation_id=generation_id,
            sequence=base.sequence + 1,
            base_generation_id=base.generation_id,
            origin=GenerationOrigin.COMPACTION,
            run_id=None,
            restored_from=None,
            manifest=manifest,
            counts=Counts(unchanged=base.counts.total, total=base.counts.total),
        )
        try:
            return self._publish(source, generation)
        except ConflictError:
            return None

    def _publish(self, source: Source, generation: Generation) -> Generation | None:
        holder = generation.generation_id
        with held_lease(self.stores.sources, source, holder, self.clock()) as held:
            if held.generation_id != generation.base_generation_id:
                return None
            self.settle(held)
            return self.publisher.publish_generation(Publication(generation, holder, held.lease_token))

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

    def _entries(self, tree: Tree, packs: frozenset[str]) -> list[Entry]:
        """Find what lies in some packs, in the order in which it lies there."""
        self.stores.index.open_groups(tree, list(tree.nodes))
        leaves = list(tree.leaves.values())
        found: list[Entry] = []
        for start in range(0, len(leaves), _LEAVES_AT_A_TIME):
            for entries in self.stores.index.read_leaves(leaves[start : start + _LEAVES_AT_A_TIME]):
                found.extend(entry for entry in entries.values() if entry.pack in packs)
        return sorted(found, key=lambda entry: (entry.pack, entry.offset))

    def _move(self, entries: list[Entry], where: str) -> list[Entry]:
        """Copy members into new packs and return the entries that name them there, in the order of the index."""
        moved: list[Entry] = []
        pack = PackWriter(self.stores.objects, where)
        for entry, member in self._members(entries):
            if pack.size + len(member) > PACK_BYTES:
                pack.close()
            moved.append(entry._replace(pack=pack.key, offset=pack.add(member)))
        pack.close()
        return sorted(moved, key=lambda entry: path_of(entry.external_item_id))

    def _members(self, entries: list[Entry]) -> Iterator[tuple[Entry, bytes]]:
        read = partial(read_member, self.stores.objects)
        for start in range(0, len(entries), _MEMBERS_AT_A_TIME):
            batch = entries[start : start + _MEMBERS_AT_A_TIME]
            yield from zip(batch, self.stores.fanout.map(read, batch), strict=True)
