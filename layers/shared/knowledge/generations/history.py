"""What became of one item in the generations that are kept: those in which it changed, newest first.

    generations, newest first:   9      8      7      6      5      4     (3 is retired)
    the leaf of the item:        by 9   by 7   by 7   by 4   by 4   by 4
    compared:                    9 with 8,     7 with 6,            4 with nothing that is kept: `earlier`

An index says who wrote the leaf on the way to an item. Each generation is built on the one before it, so those between
that writer and the one that was read have the same leaf: they are not read. A restore breaks the chain, and what an
erasure copied does not tell the writer, so there the next generation is read.

What would break it, and what stands against it:

- Something is published between two pages: a list goes down from where it is, and never looks up.
- A generation is retired between two pages: the list ends above it, or is to be begun again if it was to go on there.
- One is retired and collected while a page is read: the page is read once more, by the rows as they are then.
- The item was erased, and older generations are written anew one by one: what is older than the erasure is never
  compared, whether it was written anew or not. Only where the erasure epochs of two generations differ can there have
  been one, so only then erasures are looked at.
- One was opened, and wrote generations anew, since the source was read: where one was, the source is read once more.
- An erasure is opened between two pages: what was opened since the first page is looked at before each further one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NamedTuple

from knowledge.errors import InvalidPositionError, ServiceUnavailableError, StaleListError
from knowledge.generations.changes import shown_change
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.generations.rows import generation_position
from knowledge.generations.stores import GenerationStores
from knowledge.index.comparison import Difference, kind_of
from knowledge.index.entries import Entry, path_of
from knowledge.index.names import ObjectKind, ObjectName
from knowledge.index.store import PublishedIndex
from knowledge.model import Change
from knowledge.pages import Page
from knowledge.sources.model import Source
from knowledge.storage.format import ObjectGoneError


class Looked(NamedTuple):
    """How far the erasures of a source were looked at for an item: all of a later epoch than `reached`.

    The list of erasures goes on `behind`. `erased_at` (ms) is when the one was opened that took the item back, which is
    then the first of the epoch after `reached`; None when there was none.
    """

    reached: int
    behind: Any = None
    erased_at: int | None = None


# Looks at erasures of a source for an item, from behind a position of their list on, newest first, down to an epoch.
FindErasure = Callable[[str, str, int, Any], Looked]


class HistoryEntry(NamedTuple):
    """A generation in which an item changed, and how."""

    generation: Generation
    change: Change


class HistoryPage(NamedTuple):
    """A page of a history.

    At its end `earlier` says that the item was served before what is kept; `erased_at` (ms), that it was taken back.
    """

    page: Page[HistoryEntry]
    earlier: bool = False
    erased_at: int | None = None


class _Place(NamedTuple):
    """Where a page begins: behind a generation, with what was looked at of the erasures up to the epoch of `top`."""

    behind: Any
    top: int
    looked: Looked


class _Traced(NamedTuple):
    """What a state serves of an item, and who wrote the deepest block on the way to it."""

    served: PublishedIndex
    entry: Entry | None
    written: ObjectName


@dataclass(frozen=True, slots=True)
class ItemHistories:
    """Tells the histories of items."""

    stores: GenerationStores
    find_erasure: FindErasure

    def list_history(self, source: Source, external_item_id: str, *, limit: int, position: Any) -> HistoryPage:
        """List the kept generations that changed an item, newest first, out of `limit` generations a page.

        An item that was never served has none. A page may be empty and lead on.
        Raises InvalidPositionError, and StaleListError when the generation that a page begins with is not kept now.
        """
        place = _place(position)
        try:
            return self._list(source, external_item_id, limit, place)
        except ObjectGoneError:
            pass
        try:
            return self._list(source, external_item_id, limit, place)
        except ObjectGoneError as error:
            raise ServiceUnavailableError from error

    def _list(self, source: Source, name: str, limit: int, place: _Place | None) -> HistoryPage:
        behind = None if place is None else place.behind
        # One more: the last of a page is compared with it.
        listed = self.stores.generations.list_generations(source.source_id, limit=limit + 1, position=behind).items
        kept = [*takewhile(lambda generation: generation.retired_at is None, listed)]
        if not kept:
            if behind is not None:
                raise StaleListError
            return HistoryPage(Page())
        top = max(self._epoch(source, kept), kept[0].erasures)
        looked = self._look(source.source_id, name, place or _Place(None, top, Looked(top)), top, kept[-1].erasures)
        known = [generation for generation in kept if generation.erasures >= looked.reached]
        if looked.erased_at is not None:
            entries, _ = self._walk(known, name, from_nothing=True)
            return HistoryPage(Page(entries), erased_at=looked.erased_at)
        if len(known) == len(kept) == len(listed) <= limit:
            entries, _ = self._walk(known, name, from_nothing=True)
            return HistoryPage(Page(entries))
        entries, served = self._walk(known, name, from_nothing=False)
        if len(known) == len(kept) < len(listed):
            return HistoryPage(Page(entries), earlier=served)
        behind = generation_position(known[-2]) if len(known) > 1 else behind
        return HistoryPage(Page(entries, [behind, top, looked.reached, looked.behind]))

    def _epoch(self, source: Source, generations: Sequence[Generation]) -> int:
        """The erasure epoch of a source, which is no older than what an erasure has made of its generations."""
        if any(generation.served_root_hash is not None for generation in generations):
            source = self.stores.sources.get_source(source.tenant_id, source.source_id)
        return source.erasure_epoch

    def _look(self, source_id: str, name: str, place: _Place, top: int, down_to: int) -> Looked:
        """Look at the erasures that were opened since a list began, and at those between the generations of a page."""
        if top > place.top:
            newer = self.find_erasure(source_id, name, place.top, None)
            if newer.erased_at is not None:
                return newer
            if newer.reached > place.top:
                raise StaleListError
        if place.looked.reached <= down_to:
            return place.looked
        return self.find_erasure(source_id, name, down_to, place.looked.behind)

    def _walk(
        self, generations: Sequence[Generation], name: str, *, from_nothing: bool
    ) -> tuple[list[HistoryEntry], bool]:
        """Compare an item in generations that follow upon each other, and tell whether the oldest serves it.

        The oldest is compared `from_nothing`, or not at all.
        """
        found: list[HistoryEntry] = []
        read: dict[str, _Traced] = {}
        at, last = 0, len(generations) - 1
        if last < 0:
            return found, False
        after = self._trace(generations[at], name, read)
        while True:
            at = _changed_last(generations, at, after.written)
            before = self._trace(generations[at + 1], name, read) if at < last else None
            if before is None and not from_nothing:
                return found, after.entry is not None
            kind = kind_of(before and before.entry, after.entry)
            if kind is not None:
                difference = Difference(path_of(name), name, kind, before and before.entry, after.entry)
                change = shown_change(before and before.served, after.served, difference)
                found.append(HistoryEntry(generations[at], change))
            if before is None:
                return found, after.entry is not None
            at, after = at + 1, before

    def _trace(self, generation: Generation, name: str, read: dict[str, _Traced]) -> _Traced:
        # A restore is served from the manifest of what it restored.
        if generation.manifest.digest not in read:
            index = self.stores.index.open_index(generation.manifest)
            entry = index.trie.find([name]).get(name)
            read[generation.manifest.digest] = _Traced(index, entry, index.writer_of_way(name))
        return read[generation.manifest.digest]


def _changed_last(generations: Sequence[Generation], at: int, written: ObjectName) -> int:
    """The place of the generation down to which, from one on, all lead to an item through the same block."""
    for place in range(at, len(generations)):
        generation = generations[place]
        if generation.origin is GenerationOrigin.RESTORE or _may_have_written(generation, written):
            return place
    return len(generations) - 1


def _may_have_written(generation: Generation, written: ObjectName) -> bool:
    if written.kind is ObjectKind.RUN_INDEX:
        return generation.run_id is not None and generation.run_id.rpartition("_")[2] == written.owner
    if written.kind is ObjectKind.COMPACTED_INDEX:
        return generation.generation_id.rpartition("_")[2] == written.owner
    # A copy of an erasure bears its name, in each generation that had what it stands for.
    return True


def _place(position: Any) -> _Place | None:
    match position:
        case None:
            return None
        case [behind, int() as top, int() as reached, looked_behind]:
            return _Place(behind, top, Looked(reached, looked_behind))
    raise InvalidPositionError
