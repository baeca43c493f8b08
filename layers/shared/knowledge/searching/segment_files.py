"""The heads of segments on the disk of a process, so that a change of a source costs only what is new.

    <folder>/<tenant>/<source>/<digest>

What would break it, and what stands against it:

- A byte flips on the disk, or a file is cut: whoever reads one checks it by the digest that a manifest names.
- A crash in the middle of a write: it is written under another name first, and such are deleted at the start.
- A process before this one left files: they are taken up, with their sizes.
- Something was erased: its source's files go, but for those that its manifest names now.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from knowledge.searching.recent import Recent

_PART = ".part"


class SegmentKey(NamedTuple):
    """Whose segment it is, and which."""

    tenant_id: str
    source_id: str
    digest: str


class SegmentFiles:
    """Files up to so many bytes together; the longest unused goes first. It may be used by several threads."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._recent: Recent[SegmentKey, None] = Recent(most_bytes, self._unlink)
        self._take_up()

    def read(self, key: SegmentKey) -> bytes | None:
        """Return what a file holds, unchecked; None when there is none."""
        with self._lock:
            self._recent.get(key)
        try:
            return self._path(key).read_bytes()
        except OSError:
            return None

    def write(self, key: SegmentKey, data: bytes) -> None:
        """Keep a head. A disk that takes no more is no reason to fail: it is read from the bucket again."""
        path = self._path(key)
        part = path.with_name(f"{path.name}-{threading.get_ident()}{_PART}")
        with suppress(OSError):
            with self._lock:
                self._recent.make_room(len(data))
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            part.replace(path)
            with self._lock:
                self._recent.put(key, None, len(data))
            return
        part.unlink(missing_ok=True)

    def delete(self, key: SegmentKey) -> None:
        """Delete one, because it is not what it should be."""
        with self._lock:
            self._recent.remove(key)

    def forget(self, tenant_id: str, source_id: str, but: Collection[str]) -> None:
        """Delete the files of a source, but for those with some digests."""
        with self._lock:
            for key in self._recent:
                if key[:2] == (tenant_id, source_id) and key.digest not in but:
                    self._recent.remove(key)

    def _take_up(self) -> None:
        found = [path for path in self._folder.glob("*/*/*") if path.is_file()]
        for path in sorted(found, key=lambda each: each.stat().st_mtime_ns):
            if path.suffix == _PART:
                path.unlink()
            else:
                *_, tenant_id, source_id, digest = path.parts
                self._recent.put(SegmentKey(tenant_id, source_id, digest), None, path.stat().st_size)

    def _path(self, key: SegmentKey) -> Path:
        return self._folder.joinpath(*key)

    def _unlink(self, key: SegmentKey, _value: None) -> None:
        with suppress(OSError):
            self._path(key).unlink()
