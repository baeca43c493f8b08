"""The bytes of a file, whole and of one moment, or a word why not."""

from __future__ import annotations

import os
import stat

from knowledge_client.folder.model import NotReadableError

_TRIES = 3
# No link is followed that came after the folder was looked through, and no pipe is waited for.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def read_file(path: str, most_bytes: int) -> bytes:
    """Read a file. Raises NotReadableError when it can't be read, is too large, or changes meanwhile."""
    for _ in range(_TRIES):
        try:
            raw = _read_once(path, most_bytes)
        except OSError as error:
            raise NotReadableError(f"can't be read: {error.strerror or error}") from error
        if raw is not None:
            return raw
    raise NotReadableError("changes while it is read")


def _read_once(path: str, most_bytes: int) -> bytes | None:
    with open(os.open(path, _FLAGS), "rb", buffering=0) as file:  # noqa: PTH123 - of a descriptor
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise NotReadableError("is no regular file")
        if before.st_size > most_bytes:
            raise NotReadableError(
                f"has {before.st_size} bytes, and of a file of its kind at most {most_bytes} are read"
            )
        parts = []
        # One more than there should be, to notice what grows.
        left = before.st_size + 1
        while left and (part := file.read(left)):
            parts.append(part)
            left -= len(part)
        raw = b"".join(parts)
        after = os.fstat(file.fileno())
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return raw if same and len(raw) == before.st_size else None
