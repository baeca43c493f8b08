"""Published indexes in the bucket: opening one, and reading of it what is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from knowledge.index.blocks import Place
from knowledge.index.manifest import BuiltIndex, Manifest, decode_manifest, digest_of, manifest_bytes
from knowledge.index.names import (
    BLOCK_BYTES,
    GONE,
    ROWS_A_BLOCK,
    BlockPlace,
    NamedObject,
    ObjectName,
    decode_block,
    decode_directory,
)
from knowledge.index.nodes import EMPTY_HASH, node_of
from knowledge.index.segment_rows import segment_keys
from knowledge.index.trie import Trie
from knowledge.model import ObjectRef
from knowledge.storage.clients import Fanout
from knowledge.storage.format import ObjectGoneError
from knowledge.storage.objects import ObjectStore
from knowledge.storage.spans import BucketReader, Piece, PieceReader, Tail

# The manifest, the root's block and, in most, the two levels below it.
TAIL_BYTES = 32 * 1024
_ALL_GONE = [GONE] * ROWS_A_BLOCK


@dataclass(slots=True)
class PublishedIndex:
    """The index of one published state. Raises ObjectGoneError when something that is read is not what was written.

    `size` is that of its own object in bytes, whose end, `tail`, is in memory.
    """

    pieces: PieceReader
    tenant_id: str
    source_id: str
    ref: ObjectRef
    manifest: Manifest
    size: int
    tail: bytes
    trie: Trie = field(init=False)

    def __post_init__(self) -> None:
        root = self.manifest.root
        self.trie = Trie(self.read, None if root is None else node_of(root))

    @property
    def own_row(self) -> NamedObject:
        """The row by which the states that are built on this one name its object."""
        return NamedObject(self.manifest.own, self.size, self.ref.digest)

    @property
    def built(self) -> BuiltIndex:
        """The state, to be published as it is."""
        root = self.manifest.root
        merkle = EMPTY_HASH if root is None else root.merkle
        return BuiltIndex(self.ref, merkle.hex(), self.manifest.entries, self.manifest.content_bytes)

    def read(self, places: Sequence[Place]) -> list[bytes]:
        """Read blocks, contents or other pieces of the objects that this state names, in the order they are named."""
        self.look_up(place.number for place in places)
        pieces = [Piece(self.key(number), offset, length) for number, offset, length in places]
        tail = Tail(self.ref.key, self.size - len(self.tail), self.tail)
        return self.pieces.read(pieces, tail)

    def key(self, number: int) -> str:
        """Where the object of a number lies, which was looked up."""
        # As `_name` does, without a call more for each read of a run.
        names = self.manifest.names
        name = self.manifest.own if number == len(names) else names.row(number).name
        return name.key(self.tenant_id, self.source_id)

    def writer_of_way(self, external_item_id: str) -> ObjectName:
        """The object with the deepest block on the way to an item that was looked for, which may not be there."""
        place = self.trie.deepest_place(external_item_id)
        return self.manifest.own if place is None else self._name(place.number)

    def _name(self, number: int) -> ObjectName:
        names = self.manifest.names
        return self.manifest.own if number == len(names) else names.row(number).name

    def look_up(self, numbers: Iterable[int]) -> None:
        """Read the rows of the objects with these numbers, as far as they were not read."""
        names = self.manifest.names
        missing = sorted(names.missing(numbers))
        if not missing:
            return
        places = self.directory()
        names.full.update((block, _ALL_GONE) for block in missing if places[block].name == GONE.name)
        missing = [block for block in missing if block not in names.full]
        pieces = [self._piece(places[block], BLOCK_BYTES) for block in missing]
        for block, data in zip(missing, self.pieces.read(pieces), strict=True):
            names.full[block] = decode_block(data)

    def directory(self) -> list[BlockPlace]:
        """Where the full blocks of names lie."""
        names = self.manifest.names
        if names.blocks is None:
            names.blocks = []
            if names.directory is not None:
                piece = self._piece(names.directory.place, names.directory.length)
                names.blocks = decode_directory(self.pieces.read([piece])[0])
        return names.blocks

    def objects_of(self, owner_id: str) -> list[ObjectRef]:
        """The objects that a run wrote of this state, which it was the last to add to; its own index is left out.

        Who writes the last row of a block writes the block, so only blocks of the run's own are read.
        """
        names, owner = self.manifest.names, owner_id.rpartition("_")[2]
        found = []
        for number in reversed(range(len(names))):
            if not self._may_name(number // ROWS_A_BLOCK, owner):
                break
            self.look_up([number])
            row = names.row(number)
            if row.name.owner != owner:
                break
            found.append(ObjectRef(self.key(number), row.digest))
        return found

    def _may_name(self, block: int, owner: str) -> bool:
        """Tell whether a block may name an object of an owner who was the last to add to the table."""
        directory = self.manifest.names.directory
        if directory is None or block >= directory.blocks:
            return True
        return directory.place.name.owner == owner and self.directory()[block].name.owner == owner

    def named_objects(self) -> list[NamedObject]:
        """Every row of the table by its number, those that are gone as well, and the state's own object."""
        names = self.manifest.names
        self.look_up(range(len(names)))
        return [*(names.row(number) for number in range(len(names))), self.own_row]

    def keys(self) -> set[str]:
        """The keys of all objects that this state names, its own as well."""
        named = {row.name.key(self.tenant_id, self.source_id) for row in self.named_objects() if row != GONE}
        return named | segment_keys(self.manifest.segments.rows, self.tenant_id, self.source_id)

    def _piece(self, place: BlockPlace, length: int) -> Piece:
        return Piece(place.name.key(self.tenant_id, self.source_id), place.offset, length)


@dataclass(frozen=True, slots=True)
class IndexStore:
    """Published indexes of all sources."""

    objects: ObjectStore
    fanout: Fanout

    def open_index(self, ref: ObjectRef) -> PublishedIndex:
        """Read the root of a published state, and what lies near it.

        Raises ObjectGoneError when it is missing or not the one of its digest, UnknownFormatError.
        """
        tail, size = self.objects.read_tail(ref.key, TAIL_BYTES)
        data = manifest_bytes(tail)
        if digest_of(data) != ref.digest:
            raise ObjectGoneError(ref.key)
        manifest = decode_manifest(data)
        _, tenant_id, source_id, *_ = ref.key.split("/")
        if manifest.own.key(tenant_id, source_id) != ref.key:
            raise ObjectGoneError(ref.key)
        reader = BucketReader(self.objects, self.fanout)
        return PublishedIndex(reader, tenant_id, source_id, ref, manifest, size, tail)
