"""A folder that one process has to itself, and the next one takes over with what is in it."""

from __future__ import annotations

import fcntl
import itertools
import os
import weakref
from pathlib import Path


class OwnFolder:
    """The first of the folders `0`, `1`, ... below `parent` that no living process has.

    In Lambda that is always the same; beside each other on one machine processes have one each.
    """

    def __init__(self, parent: Path) -> None:
        self.path, descriptor = _claimed(parent)
        # The lock ends with the file's last descriptor, however the process ends.
        weakref.finalize(self, os.close, descriptor)


def _claimed(parent: Path) -> tuple[Path, int]:
    for number in itertools.count():
        folder = parent / str(number)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
        else:
            return folder, descriptor
    raise AssertionError
