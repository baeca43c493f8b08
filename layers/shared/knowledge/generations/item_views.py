"""Entries of an index as items that are shown: alone, or with the contents that lie in packs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

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


@dataclass(frozen=True, slots=True)
class ItemViews:
    """Shows what generations serve."""

    stores: GenerationStores
    clock: Clock

    def open_index(self, generation: Generation) -> PublishedIndex:
        """Open what a generation serves. Raises GenerationRetiredError when it may be gone."""
        check_kept(generation)
        return self.stores.index.open_index(generation.manifest)

    def with_contents(
        self, generation: Generation, index: PublishedIndex, entries: Sequence[Entry]
    ) -> list[GenerationItem]:
        """Show entries with their contents; one that is too large for an answer by itself comes with a link to it."""
        packed = read_packed(index, entries)
        return [self._with_content(generation, *each) for each in zip(entries, packed, strict=True)]

    def _with_content(
        self, generation: Generation, entry: Entry, packed: tuple[bytes, dict[str, Any]]
    ) -> GenerationItem:
        member, document = packed
        view = replace(without_content(entry), content=document["content"], details=details_in(document))
        if not outgrows_answer(view):
            return view
        # It lies in a pack with others, and a link needs an object of its own; that is collected as if it were staged.
        key = content_key(
            generation.tenant_id, generation.source_id, entry.content_hash, self.clock(), generation.erasures
        )
        self.stores.objects.put_content(key, member, entry.external_item_id)
        return replace(view, content=None, content_url=self.stores.objects.make_link(key))


def without_content(entry: Entry) -> GenerationItem:
    """Show an entry alone."""
    return GenerationItem(
        entry.external_item_id, entry.title, entry.content_hash, entry.content_bytes, entry.removed_at
    )


def check_kept(generation: Generation) -> None:
    """Raises GenerationRetiredError when what a generation served may be gone."""
    if generation.retired_at is not None:
        raise GenerationRetiredError
