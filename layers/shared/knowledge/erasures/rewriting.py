"""The third step of an erasure: no generation that is kept is served from an object with its text any more.

What would break it, and what stands against it:

- A crash between a copy and its note: the copy is nobody's, and another is made.
- A generation is published, or retired, meanwhile: the swap is on condition of the manifest that was read, and of the
  source's if it is current. A pass that swaps something is followed by another.
- Two workers: each has attempts of its own; one of two copies is noted, and a manifest is swapped once.
- A generation of this erasure's epoch serves an item: that was pushed again, and stays.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from search.errors import SearchError

from knowledge.erasures.model import Erasure
from knowledge.erasures.rows import Copy
from knowledge.erasures.store import ErasureMovedError
from knowledge.erasures.stores import ErasureStores
from knowledge.erasures.texts import copy_of_object
from knowledge.generations.model import Generation
from knowledge.index.building import IndexBuilder
from knowledge.index.names import GONE, NamedObject, ObjectKind, name_of
from knowledge.index.segment_rows import NamedSegment
from knowledge.index.store import PublishedIndex
from knowledge.limits import DELETED_OBJECTS_KEPT_DAYS
from knowledge.ports import Clock, HasTime, NewId
from knowledge.storage.format import ObjectGoneError
from knowledge.storage.objects import EPOCH
from knowledge.times import MS_PER_DAY

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rewriter:
    """Copies objects without some items, and swaps manifests to them."""

    stores: ErasureStores
    clock: Clock
    new_id: NewId

    def copy_objects(self, erasure: Erasure, ids: Collection[str], behind: str, has_time: HasTime) -> str | None:
        """Copy what generations name and what holds text, in the order of keys from behind one on.

        Returns the key to go on behind, None at the end. Raises ObjectGoneError, and what `copy_of_object` raises.
        """
        done = self.stores.erasures.read_copies(erasure)
        for key, row in sorted(self._named(erasure.source_id).items()):
            if key <= behind or key in done:
                continue
            self._copy(erasure, key, row, ids)
            if not has_time():
                return key
        return None

    def swap_manifests(self, erasure: Erasure, ids: Sequence[str], has_time: HasTime) -> bool | None:
        """Swap every manifest that names what was copied, or serves an item; tells whether any was, None without time.

        Raises ObjectGoneError.
        """
        copies = self.stores.erasures.read_copies(erasure)
        swapped = False
        for generation in self.stores.generations.list_kept(erasure.source_id):
            try:
                swapped |= self._swap(erasure, generation, copies, ids)
            except ErasureMovedError:
                # It was retired, or another was published on it: the next pass sees what is there then.
                swapped = True
            if not has_time():
                return None
        return swapped

    def named_keys(self, source_id: str) -> set[str]:
        """The keys of all objects that generations which are kept name."""
        kept = self.stores.generations.list_kept(source_id)
        return set().union(*(self.stores.index.open_index(each.manifest).keys() for each in kept))

    def _named(self, source_id: str) -> dict[str, Copy]:
        named: dict[str, Copy] = {}
        for generation in self.stores.generations.list_kept(source_id):
            index = self.stores.index.open_index(generation.manifest)
            for row in index.named_objects():
                if row != GONE:
                    named[row.name.key(index.tenant_id, index.source_id)] = row
            for segment in index.manifest.segments.rows or ():
                named[segment.name.key(index.tenant_id, index.source_id)] = segment
        return named

    def _copy(self, erasure: Erasure, key: str, row: Copy, ids: Collection[str]) -> None:
        copy: Copy | None
        if isinstance(row, NamedSegment):
            copy = self._copy_segment(erasure, key, row, ids)
        else:
            copy = self._copy_object(erasure, key, row, ids)
        if copy is not None:
            ttl = self.clock() // 1000 + DELETED_OBJECTS_KEPT_DAYS * MS_PER_DAY // 1000
            self.stores.erasures.note_copy(erasure, key, copy, ttl)

    def _copy_segment(self, erasure: Erasure, key: str, row: NamedSegment, ids: Collection[str]) -> Copy | None:
        # The engine of search is loaded where a segment is met.
        from knowledge.erasures.segments import copy_of_segment
        from knowledge.segments.rows import named

        try:
            body, metadata = self.stores.objects.read_described(key)
            if int(metadata.get(EPOCH, "0")) >= erasure.epoch:
                return None
            built = copy_of_segment(row, body, ids)
        except (ObjectGoneError, SearchError):
            _log.exception("segment_unreadable", extra={"tenant_id": erasure.tenant_id, "source_id": erasure.source_id})
            return GONE
        if built is None:
            return None
        own = name_of(ObjectKind.ERASED_SEGMENT, erasure.erasure_id, self.new_id("att"), 0)
        own_key = own.key(erasure.tenant_id, erasure.source_id)
        self.stores.objects.put_once(own_key, built.data, "application/octet-stream", digest=built.ref.digest)
        return named(own, built.ref)

    def _copy_object(self, erasure: Erasure, key: str, row: NamedObject, ids: Collection[str]) -> NamedObject | None:
        body, metadata = self.stores.objects.read_described(key)
        if int(metadata.get(EPOCH, "0")) >= erasure.epoch:
            return None
        kind = ObjectKind.ERASED_INDEX if row.name.is_index else ObjectKind.ERASED_PACK
        own = name_of(kind, erasure.erasure_id, self.new_id("att"), 0)
        copy = copy_of_object(body, ids, own)
        if copy is None:
            return None
        self.stores.objects.put_once(own.key(erasure.tenant_id, erasure.source_id), copy.data, digest=copy.digest)
        return NamedObject(own, len(copy.data), copy.digest)

    def _swap(self, erasure: Erasure, generation: Generation, copies: Mapping[str, Copy], ids: Sequence[str]) -> bool:
        index = self.stores.index.open_index(generation.manifest)
        replaced, exchanged = _replaced(index, copies), _exchanged(index, copies)
        # What is of this erasure's epoch was pushed again.
        older = generation.erasures < erasure.epoch and f"/{erasure.erasure_id}/" not in generation.manifest.key
        served = index.trie.find(ids) if older else {}
        if not replaced and exchanged == {} and not served:
            return False
        attempt_id = self.new_id("att")
        own = name_of(ObjectKind.ERASED_INDEX, erasure.erasure_id, attempt_id, 0)
        builder = IndexBuilder(
            self.stores.objects, erasure.tenant_id, erasure.source_id, own, index, generation.manifest
        )
        builder.replace_objects(replaced)
        builder.update(dict.fromkeys(served))
        if exchanged is None:
            builder.drop_segments()
        else:
            builder.exchange_segments(exchanged)
        built = builder.finish()
        if built is None:
            raise AssertionError
        hashes = [(name, entry.content_hash) for name, entry in served.items()]
        self.stores.ledger.note_hashes(erasure, attempt_id, hashes)
        self.stores.ledger.note_swap(erasure, attempt_id, generation, built, len(served))
        source = self.stores.sources.get_source(erasure.tenant_id, erasure.source_id)
        self.stores.erasures.swap_manifest(erasure, generation, source, built, len(served), self.clock())
        return True


def _exchanged(index: PublishedIndex, copies: Mapping[str, Copy]) -> dict[int, NamedSegment] | None:
    """The places of segments that were copied, and the copies; None when one can't be read."""
    exchanged: dict[int, NamedSegment] = {}
    for place, row in enumerate(index.manifest.segments.rows or ()):
        copy = copies.get(row.name.key(index.tenant_id, index.source_id))
        if isinstance(copy, NamedSegment):
            exchanged[place] = copy
        elif copy is not None:
            return None
    return exchanged


def _replaced(index: PublishedIndex, copies: Mapping[str, Copy]) -> dict[int, NamedObject]:
    """The numbers of objects that were copied, and the copies."""
    replaced: dict[int, NamedObject] = {}
    for number, row in enumerate(index.named_objects()):
        copy = None if row == GONE else copies.get(row.name.key(index.tenant_id, index.source_id))
        if isinstance(copy, NamedObject):
            replaced[number] = copy
    return replaced
