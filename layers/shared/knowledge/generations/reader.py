"""Reading what is published: generations and their items, never the staging set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from knowledge.errors import GenerationNotFoundError, GenerationRetiredError, InvalidPositionError
from knowledge.generations.model import Generation, GenerationItem
from knowledge.generations.stores import GenerationStores
from knowledge.index.comparison import Comparison, Difference, Position
from knowledge.index.packs import differing_fields, read_packed
from knowledge.index.trie import Entry, LeafRef, NodeRef, Tree
from knowledge.items.answer_size import how_many_fit, outgrows_answer
from knowledge.items.content import content_key
from knowledge.items.fields import details_in
from knowledge.limits import ANSWER_BYTES
from knowledge.model import Change, ChangeKind
from knowledge.pages import Page
from knowledge.ports import Clock
from knowledge.sources.model import Source

CURRENT = "current"
# 32 regions of leaves each: about as many as can be read in a few seconds.
_BATCHES_A_PAGE = 8
Chosen = list[tuple[str, Entry]]
Views = list[GenerationItem]


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

        A position is `[leaf prefix, id]` of the last item of a page. A page ends at `limit` items or at 4 MB.
        """
        after = _position(position)
        tree = self._tree(generation)
        chosen: Chosen = []
        size = 0
        for prefix, entry in self._entries(tree, after):
            size += 1024 + (entry.content_bytes if include_content else 0)
            if chosen and (len(chosen) == limit or size > ANSWER_BYTES):
                return self._page(generation, chosen, include_content, more=True)
            chosen.append((prefix, entry))
        return self._page(generation, chosen, include_content, more=False)

    def _page(
        self, generation: Generation, chosen: Chosen, include_content: bool, *, more: bool
    ) -> Page[GenerationItem]:
        """Show entries, as many as fit into 4 MB. What one takes in an answer is known only now that it is read.

        An item that is too large by itself comes with a link to its content.
        """
        views = self._views(generation, chosen, include_content)
        count = how_many_fit(views)
        if count == len(views) and not more:
            return Page(views, None)
        prefix, last = chosen[count - 1]
        return Page(views[:count], [prefix, last.external_item_id])

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

        In the order of the index, with the fields that differ. A position is `[region prefix, id]` of the last change
        of a page, or `[region prefix, None]` where a page ended short because much was read to find little.
        """
        served_before = Tree() if before is None else self._tree(before)
        chosen: list[Difference] = []
        read = 0
        here: Position | None = None
        start = _change_position(position)
        for step in Comparison(self.stores.index, served_before, self._tree(generation)).differences(start):
            if isinstance(step, Position):
                read, here = read + 1, step
                if read == _BATCHES_A_PAGE:
                    break
            elif kind in (None, step.kind):
                if len(chosen) == limit:
                    break
                chosen.append(step)
                here = Position(step.prefix, step.external_item_id)
        else:
            here = None
        return Page(self.stores.fanout.map(self._change, chosen), here and list(here))

    def _change(self, difference: Difference) -> Change:
        before, after = difference.before, difference.after
        shown = after or before
        if shown is None:
            raise AssertionError
        fields: tuple[str, ...] = ()
        if difference.kind is ChangeKind.UPDATED and before is not None and after is not None:
            fields = differing_fields(self.stores.objects, before, after)
        return Change(
            external_item_id=difference.external_item_id,
            kind=difference.kind,
            title=shown.title,
            content_hash=shown.content_hash,
            previous_content_hash=None if before is None else before.content_hash,
            removed_at=None if after is None else after.removed_at,
            fields=fields,
        )

    def _tree(self, generation: Generation) -> Tree:
        if generation.retired_at is not None:
            raise GenerationRetiredError
        return self.stores.index.read_manifest(generation.manifest).tree

    def _entries(self, tree: Tree, after: tuple[str, str] | None) -> Iterator[tuple[str, Entry]]:
        """Walk over entries in index order from a position on, loading leaves as the walk comes to them."""
        for leaf in self._leaves(tree, after):
            entries = self.stores.index.load_leaves([leaf])[leaf.prefix]
            for name in sorted(entries):
                if after is None or (leaf.prefix, name) > after:
                    yield leaf.prefix, entries[name]

    def _leaves(self, tree: Tree, after: tuple[str, str] | None) -> Iterator[LeafRef]:
        start = "" if after is None else after[0]
        for ref in sorted(tree.refs(), key=lambda ref: ref.prefix):
            if isinstance(ref, NodeRef):
                if ref.prefix >= start[: len(ref.prefix)]:
                    self.stores.index.open_groups(tree, [ref.prefix])
                    opened = [leaf for prefix, leaf in tree.leaves.items() if prefix.startswith(ref.prefix)]
                    yield from sorted(leaf for leaf in opened if leaf.prefix >= start)
            elif ref.prefix >= start:
                yield ref

    def _views(self, generation: Generation, chosen: Chosen, include_content: bool) -> Views:
        entries = [entry for _, entry in chosen]
        if not include_content:
            return [
                GenerationItem(
                    entry.external_item_id, entry.title, entry.content_hash, entry.content_bytes, entry.removed_at
                )
                for entry in entries
            ]
        return self.stores.fanout.map(partial(self._with_content, generation), entries)

    def _with_content(self, generation: Generation, entry: Entry) -> GenerationItem:
        member, document = read_packed(self.stores.objects, entry)
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
        key = content_key(generation.tenant_id, generation.source_id, entry.content_hash, self.clock())
        self.stores.objects.put_content(key, member, entry.external_item_id)
        return replace(view, content=None, content_url=self.stores.objects.make_link(key))


def _position(position: Any) -> tuple[str, str] | None:
    match position:
        case None:
            return None
        case [str() as prefix, str() as name]:
            return prefix, name
    raise InvalidPositionError


def _change_position(position: Any) -> Position | None:
    match position:
        case None:
            return None
        case [str() as prefix, None | str() as name]:
            return Position(prefix, name)
    raise InvalidPositionError
