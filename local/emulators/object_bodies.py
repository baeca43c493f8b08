"""The bytes of objects that lie in files: moto reads them as it reads the buffers in which it keeps them itself."""

from __future__ import annotations

import os
from pathlib import Path
from threading import RLock


class StoredBody:
    """The bytes of a file from an offset on, in the shape that moto has for a buffer; no file is held open.

    A request may still read an object that another one has replaced or deleted: `part_from` gives the old bytes a name
    of their own, and they are gone with their last reader.
    """

    def __init__(self, path: Path, offset: int) -> None:
        self._path = path
        self._offset = offset
        self._position = 0
        self._parted = False
        # Python may collect one in the middle of anything that this thread does.
        self._moving = RLock()

    def seek(self, position: int) -> None:
        """Read from there next."""
        self._position = position

    def read(self, size: int = -1) -> bytes:
        """Return as many bytes, or all that are left."""
        with self._moving, self._path.open("rb") as file:
            file.seek(self._offset + self._position)
            piece = file.read(size)
        self._position += len(piece)
        return piece

    def part_from(self, path: Path) -> None:
        """Keep the bytes under another name until nobody reads them any more."""
        with self._moving:
            os.link(self._path, path)
            self._path, self._parted = path, True

    def close(self) -> None:
        """Do nothing: moto says this of objects that requests may still be reading."""

    def __del__(self) -> None:
        if self._parted:
            self._path.unlink(missing_ok=True)
