"""Building the index object of one part of a plan, or of a compaction, on the state before it.

What was looked at of the base is changed in memory; what is new is one object: leaves in the order of the trie as they
come, then what became full of the names, node blocks level by level, the root last, and the manifest. Nothing old is
touched, and nothing is written before the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from knowledge.index.blocks import STRIDE, Place, Ref, encode_node
from knowledge.index.entries import Entries, Entry
from knowledge.index.leaf import encode_leaf
from knowledge.index.manifest import BuiltIndex, Manifest, digest_of, encode_manifest
from knowledge.index.names import (
    GONE,
    ROWS_A_BLOCK,
    BlockPlace,
    Directory,
    NamedObject,
    Names,
    ObjectName,
    encode_block,
    encode_directory,
)
from knowledge.index.nodes import EMPTY_HASH, Block, Inner, Leaf, Node, branch_hash, node_hash, ref_to
from knowledge.index.segment_rows import NO_SEGMENTS, SEGMENTS_MOST, NamedSegment, Segments
from knowledge.index.store import PublishedIndex
from knowledge.index.trie import Trie
from knowledge.model import ObjectRef
from knowledge.storage.objects import ObjectStore

# The number of the object that is being built, whose own is known when it is finished.
_OWN = -1


@dataclass(slots=True)
class IndexBuilder:
    """Builds an index object `own` of a source on a base, which is None for the first.

    `published` is the manifest that is published, None for nothing; the base may be some parts ahead of it.
    """

    objects: ObjectStore
    tenant_id: str
    source_id: str
    own: ObjectName
    base: PublishedIndex | None
    published: ObjectRef | None
    trie: Trie = field(init=False)
    segments: Segments = field(init=False)
    _rows: list[NamedObject] = field(default_factory=list)
    _body: bytearray = field(default_factory=bytearray)
    _written_bytes: int = 0
    _full_before: int = field(init=False)
    _writes_anyway: bool = False

    def __post_init__(self) -> None:
        base = self.base
        self.trie = Trie(self._read, None if base is None else base.trie.root)
        if base is not None:
            self._rows = [*base.manifest.names.open_rows, base.own_row]
        self._full_before = 0 if base is None else base.manifest.names.full_blocks
        before = NO_SEGMENTS if base is None else base.manifest.segments
        # What the parts before have replaced, this one has as well.
        carries_on = base is not None and self.published is not None and base.ref != self.published
        self.segments = before._replace(replaces=before.replaces and carries_on)

    @property
    def next_number(self) -> int:
        """The number that the next object gets which is named."""
        return self._full_before * ROWS_A_BLOCK + len(self._rows)

    def name_object(self, name: ObjectName, size: int, digest: str) -> None:
        """Name an object, of which the new state has contents. Its number is `next_number` as it was before."""
        self._rows.append(NamedObject(name, size, digest))

    def forget_objects(self, numbers: Collection[int]) -> None:
        """Name some objects no more, of which nothing is part of the new state; the whole table is written anew."""
        self.replace_objects(dict.fromkeys(numbers, GONE))

    def replace_objects(self, replaced: Mapping[int, NamedObject]) -> None:
        """Let some numbers of the base mean other objects, of the same layout; the whole table is written anew."""
        if self.base is None:
            return
        added = self._rows[len(self.base.manifest.names.open_rows) + 1 :]
        rows = [replaced.get(number, row) for number, row in enumerate(self.base.named_objects())]
        self._rows, self._full_before, self._writes_anyway = [*rows, *added], 0, True

    def put_segments(self, replaced: int, added: Sequence[NamedSegment]) -> None:
        """Take the newest segments away, so many, and put others there; too many of them are none."""
        rows = self.segments.rows
        if rows is None:
            return
        kept = (*rows[: len(rows) - replaced], *added)
        self.segments = Segments(kept if len(kept) <= SEGMENTS_MOST else None, self.segments.replaces or replaced > 0)

    def exchange_segments(self, exchanged: Mapping[int, NamedSegment]) -> None:
        """Let other segments stand in some places of the list, the oldest being 0."""
        rows = self.segments.rows
        if rows and exchanged:
            self.segments = Segments(tuple(exchanged.get(at, row) for at, row in enumerate(rows)), replaces=True)

    def drop_segments(self) -> None:
        """Have the state searched no more: it is too large, or its segments can't be read."""
        self.segments = Segments(None, replaces=True)

    def renew_segments(self) -> None:
        """Begin a list of segments anew."""
        self.segments = Segments((), replaces=True)

    @property
    def entries(self) -> int:
        """How many items the state has by now."""
        return 0 if self.trie.root is None else self.trie.root.entries

    @property
    def size(self) -> int:
        """The bytes that are to be written by now."""
        return len(self._body)

    def find(self, names: Iterable[str]) -> Entries:
        """The entries of these items as they are by now."""
        return self.trie.find(names)

    def update(self, changes: Mapping[str, Entry | None]) -> None:
        """Put (entry) or drop (None) items."""
        self.trie.update(changes)
        for leaf in self.trie.take_fresh():
            self._put_leaf(leaf)

    def finish(self) -> BuiltIndex | None:
        """Write the object; None when nothing was changed."""
        root = self.trie.root
        if not self._writes_anyway and self._is_unchanged(root):
            return None
        names = self._write_names()
        own = len(names)
        top = self._write_nodes(root, own)
        before = None if self.base is None else self.base.manifest
        manifest = Manifest(
            own=self.own,
            base_digest=None if self.published is None else self.published.digest,
            root=None if top is None else _numbered(ref_to(top, 0, 0), own),
            names=names,
            member_bytes=(0 if before is None else before.member_bytes) + self.trie.member_bytes,
            index_bytes=(0 if before is None else before.index_bytes) - self.trie.left_bytes + self._written_bytes,
            segments=self.segments,
        )
        data = encode_manifest(manifest, hashlib.sha256(self._body).digest())
        digest = digest_of(data)
        key = self.own.key(self.tenant_id, self.source_id)
        self.objects.put_once(key, bytes(self._body) + data, digest=digest)
        merkle = EMPTY_HASH if top is None else top.merkle
        return BuiltIndex(ObjectRef(key, digest), merkle.hex(), manifest.entries, manifest.content_bytes)

    def _is_unchanged(self, root: Node | None) -> bool:
        if self.base is None:
            return False
        if self.segments.rows != self.base.manifest.segments.rows:
            return False
        # What was looked into is changed in place.
        return root.closed is not None if isinstance(root, Inner) else root is self.base.trie.root

    def _read(self, places: Sequence[Place]) -> list[bytes]:
        """Read blocks of the base, or of what was built by now."""
        older = [place for place in places if place.number != _OWN]
        if len(older) == len(places):
            return self.base.read(places) if self.base is not None else []
        found = iter(self.base.read(older) if self.base is not None else [])
        return [
            bytes(self._body[place.offset : place.offset + place.length]) if place.number == _OWN else next(found)
            for place in places
        ]

    def _put_leaf(self, leaf: Leaf) -> None:
        columns = leaf.columns
        if columns is None:
            raise AssertionError
        leaf.content_bytes, leaf.oldest, leaf.merkle = columns.content_bytes, columns.oldest, columns.merkle()
        leaf.place = self._append(encode_leaf(columns))
        leaf.columns = None
        # What a later change of this object leaves, it takes off again.
        self._written_bytes += leaf.place.length

    def _append(self, block: bytes) -> Place:
        place = Place(_OWN, len(self._body), len(block))
        self._body += block
        return place

    def _write_names(self) -> Names:
        """Write the blocks of names that became full, and then the directory anew."""
        if len(self._rows) < ROWS_A_BLOCK:
            kept = None if self.base is None or not self._full_before else self.base.manifest.names.directory
            return Names(self._rows, kept)
        blocks = list(self.base.directory()) if self.base is not None and self._full_before else []
        while len(self._rows) >= ROWS_A_BLOCK:
            full, self._rows = self._rows[:ROWS_A_BLOCK], self._rows[ROWS_A_BLOCK:]
            is_gone = all(row == GONE for row in full)
            place = (
                BlockPlace(GONE.name, 0) if is_gone else BlockPlace(self.own, self._append(encode_block(full)).offset)
            )
            blocks.append(place)
        offset = self._append(encode_directory(blocks)).offset
        return Names(self._rows, Directory(BlockPlace(self.own, offset), len(blocks)))

    def _write_nodes(self, root: Node | None, own: int) -> Leaf | Block | None:
        """Write a block for each node at a multiple of the stride under which something changed, the deepest first."""
        if not isinstance(root, Inner):
            return root
        levels: dict[int, list[Inner]] = {}
        _gather(root, 0, levels)
        blocks: dict[int, Block] = {}
        for depth in sorted(levels, reverse=True):
            for node in levels[depth]:
                blocks[id(node)] = self._write_node(node, blocks, own)
        return root.closed if root.closed is not None else blocks[id(root)]

    def _write_node(self, node: Inner, blocks: Mapping[int, Block], own: int) -> Block:
        refs: list[Ref] = []

        def walk(branch: Node | None, bits: int, slot: int) -> bytes:
            if isinstance(branch, Inner):
                if bits < STRIDE:
                    return node_hash(walk(branch.left, bits + 1, 2 * slot), walk(branch.right, bits + 1, 2 * slot + 1))
                branch = branch.closed or blocks[id(branch)]
            if branch is not None:
                refs.append(_numbered(ref_to(branch, bits, slot), own))
            return branch_hash(branch)

        merkle = node_hash(walk(node.left, 1, 0), walk(node.right, 1, 1))
        place = self._append(encode_node(refs))
        self._written_bytes += place.length
        return Block(
            place,
            node.entries,
            sum([ref.content_bytes for ref in refs]),
            min([ref.oldest for ref in refs if ref.oldest], default=0),
            merkle,
        )


def _gather(node: Inner, depth: int, levels: dict[int, list[Inner]]) -> None:
    """Gather the nodes whose block is to be written: none that is as it was, and nothing under such a one."""
    if depth % STRIDE == 0:
        if node.closed is not None:
            return
        levels.setdefault(depth, []).append(node)
    for branch in (node.left, node.right):
        if isinstance(branch, Inner):
            _gather(branch, depth + 1, levels)


def _numbered(ref: Ref, own: int) -> Ref:
    return ref._replace(place=ref.place._replace(number=own)) if ref.place.number == _OWN else ref
