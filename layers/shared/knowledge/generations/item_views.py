"""Entries of an index as items that are shown: alone, or with the contents that lie in packs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from knowledge.errors import GenerationRetiredError
from knowledge.generations.model import Generation, GenerationItem
from knowledge.generations.stores import GenerationStores
from knowledge.index.entries import Entry
from knowledge.index.packs import read_packed
from knowledge.index.store import PublishedIndex
from knowledge.items.answer_size import outgrows_answer
from knowledge.items.content import content_key
from knowledge.items.fields import details_in
from knowledge.ports import Clock

# A content as it is packed, and its document.
Packed = tuple[bytes, dict[str, Any]]


class State(NamedTuple):
    """A state that is or would be served, and the source's erasure epoch when it was made."""

    served: PublishedIndex
    erasures: int


@dataclass(frozen=True, slots=True)
class ItemViews:
    """Shows what generations serve."""

    stores: GenerationStores
    clock: Clock

    def open_index(self, generation: Generation) -> PublishedIndex:
        """Open what a generation serves. Raises GenerationRetiredError when it may be gone."""
        check_kept(generation)
        return self.stores.index.open_index(generation.manifest)

    def open_state(self, generation: Generation) -> State:
        """Open what a generation serves, with its erasure epoch. Raises GenerationRetiredError when it may be gone."""
        return State(self.open_index(generation), generation.erasures)

    def with_contents(
        self, generation: Generation, index: PublishedIndex, entries: Sequence[Entry]
    ) -> list[GenerationItem]:
        """Show entries with their contents; one that is too large for an answer by itself comes with a link to it."""
        state = State(index, generation.erasures)
        packed = read_packed(index, entries)
        return [self.show_whole(state, *each) for each in zip(entries, packed, strict=True)]

    def show_whole(self, state: State, entry: Entry, packed: Packed) -> GenerationItem:
        """Show an entry with its content, or with a link to it when it is too large for an answer by itself."""
        view = with_document(entry, packed[1])
        if not outgrows_answer(view):
            return view
        return replace(view, content=None, content_url=self.link(state, entry, packed[0]))

    def link(self, state: State, entry: Entry, member: bytes) -> str:
        """Make a link to a content, which lies in a pack with others.

        A link needs an object of its own; that is collected as if it were staged.
        """
        served = state.served
        key = content_key(served.tenant_id, served.source_id, entry.content_hash, self.clock(), state.erasures)
        self.stores.objects.put_content(key, member, entry.external_item_id)
        return self.stores.objects.make_link(key)


def without_content(entry: Entry) -> GenerationItem:
    """Show an entry alone."""
    return GenerationItem(
        entry.external_item_id, entry.title, entry.content_hash, entry.content_bytes, entry.removed_at
    )


def with_document(entry: Entry, document: dict[str, Any]) -> GenerationItem:
    """Show an entry with its whole content."""
    return replace(without_content(entry), content=document["content"], details=details_in(document))


def check_kept(generation: Generation) -> None:
    """Raises GenerationRetiredError when what a generation served may be gone."""
    if generation.retired_at is not None:
        raise GenerationRetiredError
