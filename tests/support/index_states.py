"""States of an index in a bucket in memory, built one on another as runs do, and what they are to be."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge.index.building import IndexBuilder
from knowledge.index.entries import Entries, Entry, path_number
from knowledge.index.manifest import BuiltIndex
from knowledge.index.names import ObjectKind, ObjectName, name_of
from knowledge.index.store import IndexStore, PublishedIndex
from knowledge.model import ObjectRef
from knowledge.storage.clients import Fanout
from knowledge.storage.objects import ObjectStore

from testing.wire import MemoryBucket

TENANT, SOURCE = "ten_1", "src_1"


@dataclass
class WatchedBucket(MemoryBucket):
    """A bucket that knows what was read of it: keys and ranges."""

    reads: list[tuple[str, str]] = field(default_factory=list)

    def get_object(self, **request: Any) -> dict[str, Any]:
        self.reads.append((request["Key"], request.get("Range", "")))
        return super().get_object(**request)

    def damage(self, key: str, at: int) -> None:
        """Flip one bit of a byte of an object."""
        body, metadata = self.objects[key]
        self.objects[key] = (body[:at] + bytes((body[at] ^ 1,)) + body[at + 1 :], metadata)


class IndexStates:
    """The index objects of one source."""

    def __init__(self) -> None:
        self.bucket = WatchedBucket()
        self.objects = ObjectStore(self.bucket, "bucket")  # type: ignore[arg-type]
        self.fanout = Fanout(1)
        self.store = IndexStore(self.objects, self.fanout)
        self._numbers = itertools.count(1)

    def name(self, kind: ObjectKind = ObjectKind.RUN_INDEX) -> ObjectName:
        """The name of an object that nobody has written."""
        return name_of(kind, f"run_{next(self._numbers):026d}", f"att_{0:026d}", 0)

    def begin(self, base: BuiltIndex | None = None) -> IndexBuilder:
        """Begin to build on a published state, None for the first."""
        opened, published = (None, None) if base is None else (self.open(base), base.manifest)
        return IndexBuilder(self.objects, TENANT, SOURCE, self.name(), opened, published)

    def build(self, *batches: Mapping[str, Entry | None], base: BuiltIndex | None = None) -> BuiltIndex:
        """Build one object of some batches."""
        builder = self.begin(base)
        for batch in batches:
            builder.update(batch)
        built = builder.finish()
        assert built is not None
        return built

    def open(self, built: BuiltIndex | ObjectRef) -> PublishedIndex:
        """Read a state as a request does that knows nothing of it but its manifest."""
        return self.store.open_index(built.manifest if isinstance(built, BuiltIndex) else built)


def entry(name: str, content: str = "1", removed_at: int | None = None, pack: int = 0) -> Entry:
    """An entry that another content has other numbers of."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    size = len(content)
    return Entry(name, digest, f"Title of {name}", pack, size, 40 + size, 10 + size, removed_at, bytes((1, 1, 2, 3, 4)))


def entries_of(index: PublishedIndex) -> Entries:
    """All that a state serves."""
    found = [each for _, each in index.trie.entries_from(index.trie.walk())]
    entries = {each.external_item_id: each for each in found}
    assert len(entries) == len(found)
    return entries


def shape_of(index: PublishedIndex) -> dict[str, set[str]]:
    """The ids under each leaf, by its path."""
    shape: dict[str, set[str]] = {path: set() for path, _ in index.trie.walk()}
    for path, each in index.trie.entries_from(index.trie.walk()):
        shape[path].add(each.external_item_id)
    return shape


def canonical_shape(names: Iterable[str], leaf_entries: int) -> dict[str, set[str]]:
    """The definition of the shape, written down as plainly as it can be."""
    bits = {name: f"{path_number(name):064b}" for name in names}

    def under(path: str, some: Collection[str]) -> dict[str, set[str]]:
        if len(some) <= leaf_entries:
            return {path: set(some)} if some else {}
        sides = ([name for name in some if bits[name].startswith(path + bit)] for bit in "01")
        return {**under(path + "0", next(sides)), **under(path + "1", next(sides))}

    return under("", list(bits))
