"""Reading what is published: generations and their items, never the staging set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from knowledge.errors import GenerationNotFoundError, GenerationRetiredError, ServiceUnavailableError
from knowledge.generations.changes import change_position, item_position, line_position, shown_change
from knowledge.generations.model import Generation, GenerationItem
from knowledge.generations.stores import GenerationStores
from knowledge.index.comparison import Comparison, Difference
from knowledge.index.entries import Entry
from knowledge.index.leaf import LEAF_ENTRIES
from knowledge.index.packs import read_packed
from knowledge.index.store import PublishedIndex
from knowledge.index.walking import Position
from knowledge.items.answer_size import how_many_fit, outgrows_answer
from knowledge.items.content import content_key
from knowledge.items.fields import details_in
from knowledge.limits import ANSWER_BYTES
from knowledge.model import Change, ChangeKind
from knowledge.pages import Page
from knowledge.ports import Clock
from knowledge.runs.change_reader import change_of
from knowledge.runs.model import PlanPart
from knowledge.sources.model import Source
from knowledge.storage.format import ObjectGoneError

CURRENT = "current"
T = TypeVar("T")
# A page where each second item differs needs no more leaves at once; and it ends behind as many as can be read in a few
# seconds.
_REGIONS_AT_A_TIME = 48
_BATCHES_A_PAGE = 10
Chosen = list[tuple[str, Entry]]
Views = list[GenerationItem]
Parts = Sequence[PlanPart]
# A content as it is packed, and its document.
Packed = tuple[bytes, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class GenerationReader:
    """Reads the generations of a source."""

    stores: GenerationStores
    clock: Clock

    def list_generations(self, source: Source, *, limit: int, position: Any) -> Page[Generation]:
        """List generations, the latest first."""
        return self.stores.generations.list_generations(source.source_id, limit=limit, position=position)

    def get_generation(self, source: Source, generation_id: str) -> Generation:
        """Read a generation by id, or the one that serves as `current`.

        Raises GenerationNotFoundError when there is none.
        """
        if generation_id == CURRENT:
            if source.generation_id is None:
                message = "Nothing has been published yet."
                raise GenerationNotFoundError(message)
            generation_id = source.generation_id
        return self.stores.generations.get_generation(source.source_id, generation_id)

    def list_items(
        self, generation: Generation, *, limit: int, position: Any, include_content: bool
    ) -> Page[GenerationItem]:
        """List what a generation serves, in the fixed order of the index (by hash of the id).

        A position is `[path, id]` of the last item of a page. A page ends at `limit` items or at 4 MB.
        """
        after = item_position(position)

        def read(served: Generation) -> Page[GenerationItem]:
            return self._items(served, after, limit, include_content=include_content)

        return self._read_again(generation, read)

    def _items(
        self, generation: Generation, after: Position | None, limit: int, *, include_content: bool
    ) -> Page[GenerationItem]:
        index = self._index(generation)
        chosen: Chosen = []
        size = 0
        for path, entry in self._entries(index, after, limit):
            size += 1024 + (entry.content_bytes if include_content else 0)
            if chosen and (len(chosen) == limit or size > ANSWER_BYTES):
                return self._page(generation, index, chosen, include_content, more=True)
            chosen.append((path, entry))
        return self._page(generation, index, chosen, include_content, more=False)

    def _page(
        self, generation: Generation, index: PublishedIndex, chosen: Chosen, include_content: bool, *, more: bool
    ) -> Page[GenerationItem]:
        """Show entries, as many as fit into 4 MB. What one takes in an answer is known only now that it is read.

        An item that is too large by itself comes with a link to its content.
        """
        views = self._views(generation, index, chosen, include_content)
        count = how_many_fit(views)
        if count == len(views) and not more:
            return Page(views, None, generation.erased)
        path, last = chosen[count - 1]
        return Page(views[:count], [path, last.external_item_id], generation.erased)

    def list_changes(
        self,
        generation: Generation,
        before: Generation | None,
        *,
        kind: ChangeKind | None,
        limit: int,
        position: Any,
    ) -> Page[Change]:
        """List what a generation serves differently from another; all of it when that is None.

        In the order of the index, with the fields that differ. Where the other is what the run of this one was planned
        against, that run has listed them. A position is then `[part, line]` of the next change; else `[path, id]` of
        the last one, or `[path, None]` where a page ended short because much was read to find little.
        """

        def read(served: Generation) -> Page[Change]:
            return self._changes(served, before and self._as_it_is(before, served, generation), kind, limit, position)

        return self._read_again(generation, read)

    def _as_it_is(self, before: Generation, served: Generation, generation: Generation) -> Generation:
        """The other generation of a comparison: as it was read, and when the first is read again, as it is now."""
        if served is generation:
            return before
        return self.stores.generations.get_generation(before.source_id, before.generation_id)

    def _read_again(self, generation: Generation, read: Callable[[Generation], Page[T]]) -> Page[T]:
        """Read a generation, and once more by its row as it is now when something is gone: an erasure swaps manifests.

        Raises ServiceUnavailableError when it is gone then, too.
        """
        try:
            return read(generation)
        except ObjectGoneError:
            pass
        try:
            return read(self.stores.generations.get_generation(generation.source_id, generation.generation_id))
        except ObjectGoneError as error:
            raise ServiceUnavailableError from error

    def _changes(
        self, generation: Generation, before: Generation | None, kind: ChangeKind | None, limit: int, position: Any
    ) -> Page[Change]:
        self._check_kept(generation)
        if before is not None:
            self._check_kept(before)
        parts = self._parts_between(before, generation)
        if parts is None:
            return self._compare(generation, before, kind, limit, change_position(position))
        page = self.stores.changes.read_page(parts, line_position(position), kind=kind, limit=limit)
        return Page([change_of(line) for line in page.lines], page.next and list(page.next), generation.erased)

    def _parts_between(self, before: Generation | None, generation: Generation) -> Parts | None:
        """The parts of the plan that made a generation of the one before; None when it was not made so."""
        if generation.run_id is None or (before and before.generation_id) != generation.base_generation_id:
            return None
        plan = self.stores.runs.get_run(generation.source_id, generation.run_id).plan
        return None if plan is None else self.stores.plan_parts.parts_of(plan)

    def _compare(
        self,
        generation: Generation,
        before: Generation | None,
        kind: ChangeKind | None,
        limit: int,
        start: Position | None,
    ) -> Page[Change]:
        served_before = None if before is None else self._index(before)
        served = self._index(generation)
        chosen: list[Difference] = []
        read = 0
        here: Position | None = None
        for step in Comparison(served_before, served, _REGIONS_AT_A_TIME).differences(start):
            if isinstance(step, Position):
                read, here = read + 1, step
                if read == _BATCHES_A_PAGE:
                    break
            elif kind in (None, step.kind):
                if len(chosen) == limit:
                    break
                chosen.append(step)
                here = Position(step.path, step.external_item_id)
        else:
            here = None
        changes = [shown_change(served_before, served, each) for each in chosen]
        return Page(changes, here and list(here), generation.erased)

    def _index(self, generation: Generation) -> PublishedIndex:
        self._check_kept(generation)
        return self.stores.index.open_index(generation.manifest)

    def _check_kept(self, generation: Generation) -> None:
        if generation.retired_at is not None:
            raise GenerationRetiredError

    def _entries(self, index: PublishedIndex, after: Position | None, limit: int) -> Iterator[tuple[str, Entry]]:
        """Walk over entries in index order from behind a position on; about a page of them is read at once."""
        # And the rest of the leaf in which the last page ended.
        ahead = limit + LEAF_ENTRIES
        for path, entry in index.trie.entries_from(index.trie.walk(after, ahead=ahead), ahead=ahead):
            if after is None or (path, entry.external_item_id) > after:
                yield path, entry

    def _views(self, generation: Generation, index: PublishedIndex, chosen: Chosen, include_content: bool) -> Views:
        entries = [entry for _, entry in chosen]
        if not include_content:
            return [
                GenerationItem(
                    entry.external_item_id, entry.title, entry.content_hash, entry.content_bytes, entry.removed_at
                )
                for entry in entries
            ]
        packed = read_packed(index, entries)
        return [self._with_content(generation, *each) for each in zip(entries, packed, strict=True)]

    def _with_content(self, generation: Generation, entry: Entry, packed: Packed) -> GenerationItem:
        member, document = packed
        view = GenerationItem(
            external_item_id=entry.external_item_id,
            title=entry.title,
            content_hash=entry.content_hash,
            content_bytes=entry.content_bytes,
            removed_at=entry.removed_at,
            content=document["content"],
            details=details_in(document),
        )
        if not outgrows_answer(view):
            return view
        # It lies in a pack with others, and a link needs an object of its own; that is collected as if it were staged.
        key = content_key(
            generation.tenant_id, generation.source_id, entry.content_hash, self.clock(), generation.erasures
        )
        self.stores.objects.put_content(key, member, entry.external_item_id)
        return replace(view, content=None, content_url=self.stores.objects.make_link(key))
