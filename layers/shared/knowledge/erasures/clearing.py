"""The second step of an erasure: a generation without its items is served.

It is the base minus the items, and nothing else that is staged. Neither the removal guard nor an archived source stands
in its way. Its id is made from the erasure's, so a repeat takes its own lease over and finds what was published.

What would break it, and what stands against it:

- Something is published between the reading of the base and the write: both are conditions of it.
- A run brings an item back before that, as it was pushed again: no planning begins while this is to be done.
- A lost answer: the generation's row, or the source's, tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from knowledge.erasures.model import Erasure
from knowledge.erasures.stores import ErasureStores
from knowledge.errors import GenerationNotFoundError
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.generations.publishing import Publisher
from knowledge.generations.store import Publication
from knowledge.index.building import IndexBuilder
from knowledge.index.manifest import BuiltIndex
from knowledge.index.names import ObjectKind, name_of
from knowledge.index.store import PublishedIndex
from knowledge.model import Counts
from knowledge.ports import Clock, NewId
from knowledge.sources.leases import held_lease
from knowledge.sources.model import Settle, Source


@dataclass(frozen=True, slots=True)
class Clearer:
    """Publishes generations without some items."""

    stores: ErasureStores
    settle: Settle
    publisher: Publisher
    clock: Clock
    new_id: NewId

    def clear_source(self, erasure: Erasure, source: Source, ids: Sequence[str]) -> str | None:
        """Serve none of some items any more; returns the generation that was published for it, None if none had to be.

        Raises the refusals that an apply meets, ErasureMovedError when it is to be tried again.
        """
        generation_id = _generation_id(erasure)
        if self.find_published(erasure) is not None:
            return generation_id
        if source.manifest is None or not self._find(source, ids)[1]:
            self.stores.erasures.clear_source(erasure, source)
            return None
        now = self.clock()
        with held_lease(self.stores.sources, source, generation_id, now, if_archived=True) as held:
            self.settle(held)
            index, served = self._find(held, ids)
            if not served:
                self.stores.erasures.clear_source(erasure, held)
                return None
            self.stores.ledger.note_hashes(erasure, self.new_id("att"), served.items())
            built = self._build(index, held, generation_id, list(served))
            generation = self._generation(erasure, held, generation_id, index, built)
            publication = Publication(
                generation, generation_id, held.lease_token, held.base_digest, erasure_id=erasure.erasure_id
            )
            return self.publisher.publish_generation(publication).generation_id

    def find_published(self, erasure: Erasure) -> str | None:
        """The generation that was published for an erasure."""
        with suppress(GenerationNotFoundError):
            return self.stores.generations.get_generation(erasure.source_id, _generation_id(erasure)).generation_id
        return None

    def _find(self, source: Source, ids: Sequence[str]) -> tuple[PublishedIndex, dict[str, str]]:
        """What is served of some items: their content hashes."""
        if source.manifest is None:
            raise AssertionError
        index = self.stores.index.open_index(source.manifest)
        return index, {name: entry.content_hash for name, entry in index.trie.find(ids).items()}

    def _build(self, index: PublishedIndex, source: Source, generation_id: str, ids: Sequence[str]) -> BuiltIndex:
        attempt_id = self.new_id("att")
        own = name_of(ObjectKind.COMPACTED_INDEX, generation_id, attempt_id, 0)
        builder = IndexBuilder(self.stores.objects, source.tenant_id, source.source_id, own, index, source.manifest)
        builder.update(dict.fromkeys(ids))
        if index.manifest.segments.rows:
            self._kill_documents(builder, source, generation_id, attempt_id, ids)
        built = builder.finish()
        if built is None:
            raise AssertionError
        return built

    def _kill_documents(
        self, builder: IndexBuilder, source: Source, generation_id: str, attempt_id: str, ids: Sequence[str]
    ) -> None:
        # The engine of search is loaded where something is taken out of what it finds.
        from knowledge.segments.writing import SegmentWriter

        writer = SegmentWriter(
            self.stores.objects,
            self.stores.fanout,
            builder,
            ObjectKind.COMPACTED_SEGMENT,
            generation_id,
            attempt_id,
            source.default_language,
        )
        for item_id in ids:
            writer.kill(item_id)
        writer.close_killed()

    def _generation(
        self, erasure: Erasure, source: Source, generation_id: str, index: PublishedIndex, built: BuiltIndex
    ) -> Generation:
        total, gone = index.manifest.entries, index.manifest.entries - built.entries
        return Generation(
            tenant_id=source.tenant_id,
            source_id=source.source_id,
            generation_id=generation_id,
            sequence=source.sequence + 1,
            base_generation_id=source.generation_id,
            origin=GenerationOrigin.ERASURE,
            run_id=None,
            root_hash=built.root_hash,
            manifest=built.manifest,
            counts=Counts(tombstoned=gone, unchanged=total - gone, total=built.entries),
            content_bytes=built.content_bytes,
            published_at=self.clock(),
            created_by=erasure.created_by,
            message=erasure.message,
            erasures=erasure.epoch,
        )


def _generation_id(erasure: Erasure) -> str:
    return f"gen_{erasure.erasure_id.rpartition('_')[2]}"
