"""Publishing an older generation's state anew.

The new generation names the old one's leaves, so nothing is copied but the manifest. It is marked: what the journal
tells says nothing about the difference to an older state, so every run planned on it compares in full, until a run has
published.

What would break it, and what stands against it:

- An apply at the same time: both take the lease, and the publishing write demands the base.
- The older generation is retired meanwhile and its objects collected: the publishing write demands that it is kept.
- Two attempts of one request, on different bases: each writes a manifest of its own.
- A crash or a lost answer: a repeat finds its generation, or one that serves the same, and publishes nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from knowledge.errors import BuildFailedError, GenerationNotFoundError, GenerationRetiredError
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.generations.publishing import Publisher
from knowledge.generations.reader import CURRENT
from knowledge.generations.settling import Settler
from knowledge.generations.store import GenerationStore, Publication
from knowledge.index.comparison import Comparison
from knowledge.index.store import IndexStore, manifest_key
from knowledge.model import Counts
from knowledge.ports import Clock, NewId
from knowledge.runs.model import ApplyOutcome
from knowledge.sources.leases import LeaseKeeper, held_lease
from knowledge.sources.model import Source
from knowledge.sources.store import SourceStore
from knowledge.storage.format import UnknownFormatError
from knowledge.storage.objects import ObjectGoneError
from knowledge.times import MS_PER_DAY


@dataclass(frozen=True, slots=True)
class Restorer:
    """Restores generations of a source."""

    sources: SourceStore
    generations: GenerationStore
    index: IndexStore
    settler: Settler
    publisher: Publisher
    clock: Clock
    new_id: NewId

    def restore(
        self, source: Source, generation_id: str, *, new_generation_id: str, earlier_id: str | None = None
    ) -> ApplyOutcome:
        """Publish what a generation served as a new generation; one that serves the same already stays as it is.

        A repeat finds the generation of `new_generation_id`, or one of the last 24 hours of `earlier_id`.
        GenerationNotFoundError, GenerationRetiredError, and the refusals that an apply meets.
        """
        now = self.clock()
        made = self._made(source, new_generation_id, earlier_id, now)
        if made is not None:
            return made
        with held_lease(self.sources, source, new_generation_id, now) as held:
            return self._publish(held, generation_id, new_generation_id, now)

    def _made(self, source: Source, new_id: str, earlier_id: str | None, now: int) -> ApplyOutcome | None:
        with suppress(GenerationNotFoundError):
            return _outcome(self.generations.get(source.source_id, new_id))
        if earlier_id is not None:
            with suppress(GenerationNotFoundError):
                earlier = self.generations.get(source.source_id, earlier_id)
                if earlier.published_at > now - MS_PER_DAY:
                    return _outcome(earlier)
        return None

    def _publish(self, source: Source, generation_id: str, new_generation_id: str, now: int) -> ApplyOutcome:
        keeper = LeaseKeeper(self.sources, source.tenant_id, source.source_id, source.lease_token, self.clock, now)
        self.settler.settle(source)
        if source.generation_id is None:
            raise GenerationNotFoundError
        current = self.generations.get(source.source_id, source.generation_id)
        chosen = current if generation_id == CURRENT else self.generations.get(source.source_id, generation_id)
        if chosen.retired_at is not None:
            raise GenerationRetiredError
        if chosen.root_hash == current.root_hash:
            total = current.counts.total
            return ApplyOutcome(current.generation_id, Counts(unchanged=total, total=total))
        try:
            before, after = (self.index.read_manifest(each.manifest) for each in (current, chosen))
            counts = Comparison(self.index, before.tree, after.tree).counts(keeper.keep)
            manifest = replace(after, generation_id=new_generation_id, base_generation_id=current.generation_id)
            # A repeat has the same id and may meet another base, so each attempt has a key of its own.
            name = f"{new_generation_id}-{self.new_id('att')}"
            written = self.index.write_manifest(manifest_key(source.tenant_id, source.source_id, name), manifest)
        except (ObjectGoneError, UnknownFormatError) as error:
            raise BuildFailedError from error
        generation = replace(
            chosen,
            generation_id=new_generation_id,
            sequence=source.sequence + 1,
            base_generation_id=current.generation_id,
            origin=GenerationOrigin.RESTORE,
            run_id=None,
            manifest=written,
            counts=counts,
            restored_from=chosen.generation_id,
        )
        return _outcome(self.publisher.publish(Publication(generation, new_generation_id, source.lease_token)))


def _outcome(generation: Generation) -> ApplyOutcome:
    return ApplyOutcome(generation.generation_id, generation.counts)
