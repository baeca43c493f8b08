"""Reading what is published: generations and their items, never the staging set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from knowledge.content import LARGEST_ANSWER_BYTES, decode_verified
from knowledge.errors import GenerationNotFoundError, InvalidPositionError
from knowledge.generation_store import GenerationStore
from knowledge.index_store import IndexStore
from knowledge.model import Generation, GenerationItem, Page, Source
from knowledge.object_store import ObjectGoneError, ObjectStore
from knowledge.trie import Entry, LeafRef, NodeRef, Tree

CURRENT = "current"
Chosen = list[tuple[str, Entry]]
Views = list[GenerationItem]


@dataclass(frozen=True, slots=True)
class GenerationReader:
    """Reads the generations of a source."""

    generations: GenerationStore
    objects: ObjectStore
    index: IndexStore

    def list(self, source: Source, *, limit: int, position: Any) -> Page[Generation]:
        """List generations, the latest first."""
        return self.generations.list(source.source_id, limit=limit, position=position)

    def get(self, source: Source, generation_id: str) -> Generation:
        """Read a generation by id, or the one that serves as `current`; GenerationNotFoundError when there is none."""
        if generation_id == CURRENT:
            if source.generation_id is None:
                message = "Nothing has been published yet."
                raise GenerationNotFoundError(message)
            generation_id = source.generation_id
        return self.generations.get(source.source_id, generation_id)

    def items(
        self, source: Source, generation_id: str, *, limit: int, position: Any, include_content: bool
    ) -> Page[GenerationItem]:
        """List what a generation serves, in the fixed order of the index (by hash of the id).

        A position is `[leaf prefix, id]` of the last item of a page. A page ends at `limit` items or at 4 MB.
        """
        after = _position(position)
        tree = self.index.read_manifest(self.get(source, generation_id).manifest).tree
        chosen: Chosen = []
        size = 0
        for prefix, entry in self._entries(tree, after):
            size += 1024 + (entry.content_bytes if include_content else 0)
            if chosen and (len(chosen) == limit or size > LARGEST_ANSWER_BYTES):
                last_prefix, last = chosen[-1]
                return Page(self._views(chosen, include_content), [last_prefix, last.external_item_id])
            chosen.append((prefix, entry))
        return Page(self._views(chosen, include_content), None)

    def _entries(self, tree: Tree, after: tuple[str, str] | None) -> Iterator[tuple[str, Entry]]:
        """Walk over entries in index order from a position on, loading leaves as the walk comes to them."""
        for leaf in self._leaves(tree, after):
            entries = self.index.load_leaves([leaf])[leaf.prefix]
            for name in sorted(entries):
                if after is None or (leaf.prefix, name) > after:
                    yield leaf.prefix, entries[name]

    def _leaves(self, tree: Tree, after: tuple[str, str] | None) -> Iterator[LeafRef]:
        start = "" if after is None else after[0]
        for ref in sorted(tree.refs(), key=lambda ref: ref.prefix):
            if isinstance(ref, NodeRef):
                if ref.prefix >= start[: len(ref.prefix)]:
                    self.index.open_groups(tree, [ref.prefix])
                    opened = [leaf for prefix, leaf in tree.leaves.items() if prefix.startswith(ref.prefix)]
                    yield from sorted(leaf for leaf in opened if leaf.prefix >= start)
            elif ref.prefix >= start:
                yield ref

    def _views(self, chosen: Chosen, include_content: bool) -> Views:
        entries = [entry for _, entry in chosen]
        if not include_content:
            return [
                GenerationItem(
                    entry.external_item_id, entry.title, entry.content_hash, entry.content_bytes, entry.removed_at
                )
                for entry in entries
            ]
        return self.index.fanout.map(self._with_content, entries)

    def _with_content(self, entry: Entry) -> GenerationItem:
        document = read_member(self.objects, entry.pack, entry.offset, entry.length, entry.content_hash)
        return GenerationItem(
            external_item_id=entry.external_item_id,
            title=entry.title,
            content_hash=entry.content_hash,
            content_bytes=entry.content_bytes,
            removed_at=entry.removed_at,
            content=document["content"],
            content_type=document["contentType"],
            url=document.get("url"),
            language=document.get("language"),
            tags=tuple(document.get("tags", ())),
            metadata=document.get("metadata"),
        )


def read_member(objects: ObjectStore, pack: str, offset: int, length: int, content_hash: str) -> dict[str, Any]:
    """Read one content out of a pack; ObjectGoneError when it is not the one of that hash."""
    try:
        return decode_verified(objects.read_range(pack, offset, length), content_hash)
    except ValueError as error:
        raise ObjectGoneError(pack) from error


def _position(position: Any) -> tuple[str, str] | None:
    match position:
        case None:
            return None
        case [str() as prefix, str() as name]:
            return prefix, name
    raise InvalidPositionError
