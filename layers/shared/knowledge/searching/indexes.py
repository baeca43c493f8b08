"""Indexes that are kept ready in a process: manifests, heads of segments, and what was assembled of them.

    manifest -> rows of segments -> heads, from the disk or the bucket, checked -> one index of all that is asked

What would break it, and what stands against it:

- One tenant is answered from another's: every key begins with the tenant.
- A byte of what lies in the bucket or on the disk is flipped: each head is checked before it is used. One from the disk
  that is not whole is read from the bucket again.
- Something was erased: once the epoch of its source has moved, all that its manifest does not name now is let go of.
- Too much for this process: it is refused before anything is read.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path

from search.errors import DamagedSegmentError
from search.hits.serving import ServedIndex
from search.segments.layout import Head, decode_head

from knowledge.errors import IndexDamagedError, IndexTooLargeError, IndexUpgradingError
from knowledge.index.segment_rows import NamedSegment
from knowledge.index.store import IndexStore, PublishedIndex
from knowledge.searching.chunks import ChunkReader, KeptChunks
from knowledge.searching.model import Asked, Opened
from knowledge.searching.own_folder import OwnFolder
from knowledge.searching.recent import Recent
from knowledge.searching.segment_files import SegmentFiles, SegmentKey
from knowledge.segments.rows import ref_of
from knowledge.settings import SearchSettings
from knowledge.sources.model import Source
from knowledge.storage.format import ObjectGoneError, UnknownFormatError
from knowledge.storage.spans import BucketReader, PieceReader
from knowledge.storage.stores import StorageStores

# Of items of all manifests that are kept: each holds as much of its trie as was looked at.
_ITEMS_KEPT = 2_000_000
_ITEMS_AT_LEAST = 4_000
# Of all indexes that are kept open.
_SEGMENTS_OPEN = 4_000
# In memory, of contents and leaves: of 200 000 items of 900 bytes, packed.
_CHUNKS_BYTES = 128 * 1024 * 1024
# That are read along when nothing is kept: calls are made side by side, and bytes come one after the other.
_GAP_BYTES = 2 * 1024
IndexKey = tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]


class OpenIndexes:
    """The indexes of one process."""

    def __init__(self, stores: StorageStores, published: IndexStore, settings: SearchSettings) -> None:
        self._stores = stores
        self._published = published
        self._own = OwnFolder(Path(settings.folder))
        self._folder = self._own.path
        # A third for heads, and two for what is assembled, the newest beside those before it.
        third = settings.storage_bytes // 3
        self._most_bytes = min(settings.index_bytes, third)
        self._most_unpacked = third
        self._files = SegmentFiles(self._folder / "segments", third)
        self._chunks = KeptChunks(stores.objects, stores.fanout, _CHUNKS_BYTES)
        self._manifests: Recent[tuple[str, str], PublishedIndex] = Recent(_ITEMS_KEPT)
        self._served: Recent[IndexKey, tuple[ServedIndex, Path]] = Recent(third, _delete_folder)
        self._epochs: dict[tuple[str, str], int] = {}
        self._numbers = itertools.count()
        shutil.rmtree(self._folder / "assembled", ignore_errors=True)

    def open(self, asked: Sequence[Asked]) -> list[Opened]:
        """Read the manifests of sources, and let go of what was erased since.

        Raises ObjectGoneError, IndexDamagedError.
        """
        published = [each for each in asked if each.manifest is not None]
        indexes = self._stores.fanout.map(self._open_manifest, published)
        opened = [Opened(each.source, index) for each, index in zip(published, indexes, strict=True)]
        for each in opened:
            self._manifests.put(
                (each.source.tenant_id, each.index.ref.digest),
                each.index,
                _ITEMS_AT_LEAST + each.index.manifest.entries,
            )
            each.index.pieces = self._reader(each.source)
            self._forget_erased(each)
        return opened

    def serve(self, tenant_id: str, opened: Sequence[Opened]) -> ServedIndex:
        """Return the segments of sources as one index.

        Raises IndexTooLargeError, IndexUpgradingError, IndexDamagedError, ObjectGoneError, and EngineFailedError.
        """
        self._check_size(opened)
        key = _key(tenant_id, opened)
        kept = self._served.get(key)
        if kept is not None:
            return kept[0]
        heads = self._heads(opened)
        size = sum(head.index_bytes for each in heads.values() for head in each)
        if size > self._most_unpacked:
            raise IndexTooLargeError
        # However small they are: the system maps only so many files for a process (65 530), and a segment has six.
        size = max(size, self._most_unpacked * sum(map(len, heads.values())) // _SEGMENTS_OPEN)
        self._served.make_room(size)
        folder = self._folder / "assembled" / tenant_id / str(next(self._numbers))
        try:
            served = ServedIndex(heads, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._served.put(key, (served, folder), size)
        return served

    def drop(self, tenant_id: str, opened: Sequence[Opened]) -> None:
        """Let go of an index, and of its manifests, because one is not what it should be."""
        self._served.remove(_key(tenant_id, opened))
        for each in opened:
            self._manifests.remove((tenant_id, each.index.ref.digest))
            self._chunks.forget(tenant_id, each.source.source_id)

    def _open_manifest(self, asked: Asked) -> PublishedIndex:
        source, ref = asked.source, asked.manifest
        assert ref is not None  # noqa: S101
        kept = self._manifests.get((source.tenant_id, ref.digest))
        if kept is not None:
            return kept
        try:
            index = self._published.open_index(ref)
        except UnknownFormatError as error:
            raise IndexDamagedError(source_id=source.source_id, key=ref.key) from error
        if (index.tenant_id, index.source_id) != (source.tenant_id, source.source_id):
            raise IndexDamagedError(source_id=source.source_id, key=ref.key)
        # Most searches find what others found; a leaf that is read again is a call of each.
        index.trie.keeps = True
        return index

    def _reader(self, source: Source) -> PieceReader:
        """How a search reads of a source: by chunks from its second on, unless something is being erased."""
        is_first = (source.tenant_id, source.source_id) not in self._epochs
        if is_first or source.erasure_id is not None:
            return BucketReader(self._stores.objects, self._stores.fanout, _GAP_BYTES)
        return ChunkReader(self._chunks, source.tenant_id, source.source_id)

    def _forget_erased(self, opened: Opened) -> None:
        """After an erasure keep nothing of a source but what its manifest names.

        A process does so when it first meets a source, too: it knows not what one before it left.
        """
        source = opened.source
        place = (source.tenant_id, source.source_id)
        if self._epochs.get(place) == source.erasure_epoch:
            return
        current = {row.digest for row in _rows(opened)}
        self._files.forget(*place, current)
        self._chunks.forget(*place)
        for key in self._served:
            digests = dict(key[1]).get(source.source_id, ())
            if key[0] == source.tenant_id and not current.issuperset(digests):
                self._served.remove(key)
        for kept in self._manifests:
            index = self._manifests.get(kept)
            mine = index is not None and (index.tenant_id, index.source_id) == place
            if mine and kept[1] not in {opened.index.ref.digest, source.base_digest}:
                self._manifests.remove(kept)
        self._epochs[place] = source.erasure_epoch

    def _check_size(self, opened: Sequence[Opened]) -> None:
        for each in opened:
            if each.index.manifest.segments.rows is None:
                raise IndexTooLargeError
        if sum(row.head for each in opened for row in _rows(each)) > self._most_bytes:
            raise IndexTooLargeError
        for each in opened:
            # Of a state that was published before there were segments, or while one could not be built.
            if each.index.manifest.segments.documents < each.index.manifest.entries:
                raise IndexUpgradingError

    def _heads(self, opened: Sequence[Opened]) -> dict[str, list[Head]]:
        wanted = [(each, row) for each in opened for row in _rows(each)]
        found = self._stores.fanout.map(lambda one: self._head(*one), wanted)
        heads: dict[str, list[Head]] = {each.source.source_id: [] for each in opened}
        for (each, _), head in zip(wanted, found, strict=True):
            heads[each.source.source_id].append(head)
        return heads

    def _head(self, opened: Opened, row: NamedSegment) -> Head:
        source, ref = opened.source, ref_of(row)
        key = SegmentKey(source.tenant_id, source.source_id, row.digest)
        data = self._files.read(key)
        if data is not None:
            try:
                return decode_head(ref, data)
            except DamagedSegmentError:
                self._files.delete(key)
        place = row.name.key(source.tenant_id, source.source_id)
        try:
            data = self._stores.objects.read_range(place, 0, row.head)
            head = decode_head(ref, data)
        except (DamagedSegmentError, ObjectGoneError) as error:
            raise IndexDamagedError(source_id=source.source_id, key=place) from error
        self._files.write(key, data)
        return head


def _rows(opened: Opened) -> tuple[NamedSegment, ...]:
    return opened.index.manifest.segments.rows or ()


def _key(tenant_id: str, opened: Sequence[Opened]) -> IndexKey:
    lists = sorted((each.source.source_id, tuple(row.digest for row in _rows(each))) for each in opened)
    return tenant_id, tuple(lists)


def _delete_folder(_key: IndexKey, kept: tuple[ServedIndex, Path]) -> None:
    # What is open stays readable to whoever reads it.
    shutil.rmtree(kept[1], ignore_errors=True)
