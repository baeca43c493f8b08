"""Reading what is published: generations and their items, never the staging set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from knowledge.errors import GenerationItemNotFoundError, GenerationNotFoundError, ServiceUnavailableError
from knowledge.generations.change_lists import Asked, ChangeLists
from knowledge.generations.changes import item_position
from knowledge.generations.item_views import ItemViews, without_content
from knowledge.generations.model import ChangedItem, Generation, GenerationItem
from knowledge.generations.stores import GenerationStores
from knowledge.index.entries import Entry
from knowledge.index.leaf import LEAF_ENTRIES
from knowledge.index.store import PublishedIndex
from knowledge.index.walking import ENTRIES_AHEAD, Position
from knowledge.items.answer_size import how_many_fit
from knowledge.limits import ANSWER_BYTES, ITEMS_LOOKED_AT
from knowledge.model import Change, ChangeKind
from knowledge.pages import Page
from knowledge.ports import Clock
from knowledge.sources.model import Source
from knowledge.storage.format import ObjectGoneError

CURRENT = "current"
T = TypeVar("T")
Chosen = list[tuple[str, Entry]]


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

    def get_item(self, generation: Generation, external_item_id: str) -> GenerationItem:
        """Read one item as a generation serves it, with its content, or with a link to one that is too large.

        Raises GenerationItemNotFoundError when it serves none of that id, GenerationRetiredError.
        """

        def read(served: Generation) -> GenerationItem:
            index = self._item_views.open_index(served)
            entry = index.trie.find([external_item_id]).get(external_item_id)
            if entry is None:
                raise GenerationItemNotFoundError
            return self._item_views.with_contents(served, index, [entry])[0]

        return self._read_again(generation, read)

    def list_items(
        self, generation: Generation, *, limit: int, position: Any, include_content: bool, prefix: str = ""
    ) -> Page[GenerationItem]:
        """List what a generation serves, in the fixed order of the index (by hash of the id).

        A position is `[path, id]` of the last item that was looked at. A page ends at `limit` items, at 4 MB, or where
        20 000 items were looked at: with a `prefix` of their ids most may be passed over, and a page may be empty.
        """
        after = item_position(position)

        def read(served: Generation) -> Page[GenerationItem]:
            return self._items(served, after, limit, prefix, include_content=include_content)

        return self._read_again(generation, read)

    def _items(
        self, generation: Generation, after: Position | None, limit: int, prefix: str, *, include_content: bool
    ) -> Page[GenerationItem]:
        index = self._item_views.open_index(generation)
        chosen: Chosen = []
        size = 0
        here: list[str] | None = None
        # About a page is read at once, and the rest of the leaf in which the last page ended.
        ahead = ENTRIES_AHEAD if prefix else limit + LEAF_ENTRIES
        for looked_at, (path, entry) in enumerate(self._entries(index, after, ahead)):
            if looked_at == ITEMS_LOOKED_AT:
                break
            if entry.external_item_id.startswith(prefix):
                size += 1024 + (entry.content_bytes if include_content else 0)
                if chosen and (len(chosen) == limit or size > ANSWER_BYTES):
                    break
                chosen.append((path, entry))
            here = [path, entry.external_item_id]
        else:
            here = None
        return self._page(generation, index, chosen, include_content, here)

    def _page(
        self,
        generation: Generation,
        index: PublishedIndex,
        chosen: Chosen,
        include_content: bool,
        behind: list[str] | None,
    ) -> Page[GenerationItem]:
        """Show entries, as many as fit into 4 MB. What one takes in an answer is known only now that it is read.

        An item that is too large by itself comes with a link to its content. Behind all of them the list goes on from
        `behind`, or has ended.
        """
        entries = [entry for _, entry in chosen]
        views = (
            self._item_views.with_contents(generation, index, entries)
            if include_content
            else [without_content(entry) for entry in entries]
        )
        count = how_many_fit(views)
        if count == len(views):
            return Page(views, behind, generation.erased)
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
        """List what a generation serves differently from another, without contents; see `list_changed_items`."""
        page = self.list_changed_items(generation, before, Asked(kind, limit, position))
        return Page([each.change for each in page.items], page.next_position, page.erased)

    def list_changed_items(self, generation: Generation, before: Generation | None, asked: Asked) -> Page[ChangedItem]:
        """List what a generation serves differently from another; all of it when that is None.

        In the order of the index, with the fields that differ. Where the other is what the run of this one was planned
        against, that run has listed them. A position is then `[part, line]` of the next change; else `[path, id]` of
        the last one, or `[path, None]` where a page ended short because much was read to find little. With contents a
        page ends at 4 MB.
        """

        def read(served: Generation) -> Page[ChangedItem]:
            compared = before and self._as_it_is(before, served, generation)
            return ChangeLists(self.stores, self._item_views).list_changes(served, compared, asked)

        return self._read_again(generation, read)

    def _as_it_is(self, before: Generation, served: Generation, generation: Generation) -> Generation:
        """The other generation of a comparison: as it was read, and when the first is read again, as it is now."""
        if served is generation:
            return before
        return self.stores.generations.get_generation(before.source_id, before.generation_id)

    def _read_again(self, generation: Generation, read: Callable[[Generation], T]) -> T:
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

    @property
    def _item_views(self) -> ItemViews:
        return ItemViews(self.stores, self.clock)

    def _entries(self, index: PublishedIndex, after: Position | None, ahead: int) -> Iterator[tuple[str, Entry]]:
        """Walk over entries in index order from behind a position on; `ahead` of them are read at once."""
        for path, entry in index.trie.entries_from(index.trie.walk(after, ahead=ahead), ahead=ahead):
            if after is None or (path, entry.external_item_id) > after:
                yield path, entry
