"""Publishing an older generation's state anew.

The new generation is served from the old one's manifest, so nothing is written but its row. It is marked: what the
journal tells says nothing about the difference to an older state, so every run planned on it compares in full, until a
run has published.

What would break it, and what stands against it:

- An apply at the same time: both take the lease, and the publishing write demands the base.
- The older generation is retired meanwhile and its objects collected: the publishing write demands that it is kept.
- A run was planned on the old generation, before others were published: it would leave out what those cleaned up. So a
  plan is bound to the generation beside the manifest.
- Publishing is locked meanwhile: the publishing write demands that it is not.
- An erasure is open: what is restored may hold what is to be erased, so it is refused, by the publishing write too.
- A crash or a lost answer: a repeat finds its generation, or one that serves the same, and publishes nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from knowledge.actors import Actor, author_of
from knowledge.earlier_tries import find_earlier
from knowledge.errors import (
    BuildFailedError,
    ErasureInProgressError,
    GenerationNotFoundError,
    GenerationRetiredError,
)
from knowledge.generations.eligibility import check_unlocked
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.generations.publishing import Publisher
from knowledge.generations.reader import CURRENT
from knowledge.generations.store import Publication
from knowledge.generations.stores import GenerationStores
from knowledge.index.comparison import Comparison
from knowledge.model import Counts
from knowledge.ports import Clock, NewId
from knowledge.runs.model import ApplyOutcome
from knowledge.sources.leases import LeaseKeeper, held_lease
from knowledge.sources.model import Settle, Source
from knowledge.storage.format import ObjectGoneError, UnknownFormatError


@dataclass(frozen=True, slots=True)
class Restorer:
    """Restores generations of a source."""

    stores: GenerationStores
    settle: Settle
    publisher: Publisher
    clock: Clock
    new_id: NewId

    def restore_generation(
        self,
        source: Source,
        generation_id: str,
        *,
        new_generation_id: str,
        earlier_id: str | None = None,
        by: Actor | None = None,
        message: str | None = None,
    ) -> ApplyOutcome:
        """Publish what a generation served as a new generation; one that serves the same already stays as it is.

        A repeat finds the generation of `new_generation_id`, or one of the last 24 hours of `earlier_id`.
        Raises GenerationNotFoundError, GenerationRetiredError, and the refusals that an apply meets.
        """
        now = self.clock()
        made = self._made(source, new_generation_id, earlier_id, now)
        if made is not None:
            return made
        with held_lease(self.stores.sources, source, new_generation_id, now) as held:
            return self._publish(held, generation_id, new_generation_id, now, by, message)

    def _made(self, source: Source, new_id: str, earlier_id: str | None, now: int) -> ApplyOutcome | None:
        with suppress(GenerationNotFoundError):
            return _outcome(self.stores.generations.get_generation(source.source_id, new_id))
        get = partial(self.stores.generations.get_generation, source.source_id)
        earlier = find_earlier(earlier_id, get, lambda made: made.published_at, now)
        return None if earlier is None else _outcome(earlier)

    def _publish(
        self,
        source: Source,
        generation_id: str,
        new_generation_id: str,
        now: int,
        by: Actor | None,
        message: str | None,
    ) -> ApplyOutcome:
        keeper = LeaseKeeper(
            self.stores.sources, source.tenant_id, source.source_id, source.lease_token, self.clock, now
        )
        if source.generation_id is None:
            raise GenerationNotFoundError
        current = self.stores.generations.get_generation(source.source_id, source.generation_id)
        chosen = (
            current
            if generation_id == CURRENT
            else self.stores.generations.get_generation(source.source_id, generation_id)
        )
        if chosen.retired_at is not None:
            raise GenerationRetiredError
        check_unlocked(source)
        if source.erasure_id is not None:
            raise ErasureInProgressError
        if chosen.serves == current.serves:
            total = current.served_total
            return ApplyOutcome(current.generation_id, Counts(unchanged=total, total=total))
        self.settle(source)
        try:
            before, after = (self.stores.index.open_index(each.manifest) for each in (current, chosen))
            counts = Comparison(before, after).counts(keeper.keep)
        except (ObjectGoneError, UnknownFormatError) as error:
            raise BuildFailedError from error
        generation = replace(
            chosen,
            generation_id=new_generation_id,
            sequence=source.sequence + 1,
            base_generation_id=current.generation_id,
            origin=GenerationOrigin.RESTORE,
            run_id=None,
            root_hash=chosen.serves,
            counts=counts,
            content_bytes=after.manifest.content_bytes,
            restored_from=chosen.generation_id,
            created_by=author_of(by),
            message=message,
            erasures=source.erasure_epoch,
            served_root_hash=None,
            erased=0,
        )
        return _outcome(
            self.publisher.publish_generation(
                Publication(generation, new_generation_id, source.lease_token, source.base_digest, by=by)
            )
        )


def _outcome(generation: Generation) -> ApplyOutcome:
    return ApplyOutcome(generation.generation_id, generation.counts)
