"""The engine's files: what a folder holds after one commit, and a folder of several segments under one `meta.json`.

`meta.json`, the names of files and what a commit makes of them are the engine's internals, and known here alone.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import tantivy

from search.engine.guard import guarded
from search.engine.schema import Indexed, document_of, register_analyzers, schema
from search.errors import DamagedSegmentError, EngineFailedError

# How much the writer holds before it begins a segment of its own accord, which must not happen.
_HEAP_BYTES = 512 * 1024 * 1024
_META = "meta.json"


class EngineFiles(NamedTuple):
    """The files of one segment, by the ends of their names; `segment_id` is the beginning of all, 32 hex digits."""

    segment_id: str
    documents: int
    files: Mapping[str, bytes]


def write_files(documents: Iterable[Indexed], folder: Path | None = None) -> EngineFiles:
    """Index documents as one segment, in their order; it is written in a folder of its own below `folder`.

    Raises EngineFailedError, also when the engine makes several segments of them.
    """
    # A thread of the engine looks for changes, and may put a lock there while the folder is removed.
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as name, guarded():
        index = tantivy.Index(schema(), name)
        register_analyzers(index)
        writer = index.writer(_HEAP_BYTES, 1)
        for each in documents:
            writer.add_document(document_of(each))
        writer.commit()
        writer.wait_merging_threads()
        return _read_files(Path(name))


def _read_files(folder: Path) -> EngineFiles:
    segments = json.loads((folder / _META).read_text("utf-8"))["segments"]
    if not segments:
        # Of no documents the engine makes no segment; one that only kills needs none.
        return EngineFiles("", 0, {})
    (segment,) = segments
    segment_id = segment["segment_id"].replace("-", "")
    files = {path.suffix: path.read_bytes() for path in sorted(folder.glob(f"{segment_id}.*"))}
    return EngineFiles(segment_id, segment["max_doc"], files)


def unpack(files: EngineFiles, folder: Path) -> None:
    """Write the files of a segment into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, data in files.files.items():
        (folder / f"{files.segment_id}{suffix}").write_bytes(data)


def assemble(segments: Iterable[EngineFiles], folder: Path) -> tantivy.Index:
    """Put segments side by side into an empty folder, in their order, and open it as one index.

    It is for reading alone: a commit would merge them. Once open, the files have no names any more: nothing but
    what is open leads to them, and they go with it. Raises EngineFailedError, and DamagedSegmentError when the disk has
    other bytes than it was given.
    """
    segments = list(segments)
    folder.mkdir(parents=True, exist_ok=True)
    with guarded():
        tantivy.Index(schema(), str(folder))
        meta = json.loads((folder / _META).read_text("utf-8"))
        for each in segments:
            if not each.documents:
                continue
            unpack(each, folder)
            segment_id = "-".join(_cut(each.segment_id, (8, 4, 4, 4, 12)))
            meta["segments"].append({"segment_id": segment_id, "max_doc": each.documents, "deletes": None})
        (folder / _META).write_text(json.dumps(meta), "utf-8")
        index = tantivy.Index.open(str(folder))
        index.reload()
        if index.searcher().num_segments != len(meta["segments"]):
            raise EngineFailedError
    _take_names(segments, folder)
    return index


def _take_names(segments: Iterable[EngineFiles], folder: Path) -> None:
    """Compare the files that the engine has open with what was to be written, and delete their names."""
    for each in segments:
        for suffix, data in each.files.items():
            path = folder / f"{each.segment_id}{suffix}"
            if path.read_bytes() != data:
                raise DamagedSegmentError
            path.unlink()
    (folder / _META).unlink()


def _cut(text: str, lengths: Iterable[int]) -> Iterable[str]:
    at = 0
    for length in lengths:
        yield text[at : at + length]
        at += length
