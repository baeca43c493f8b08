"""Where a stack keeps what must outlive it, for one stack at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

from local.failures import DataDirectoryError

# The emulators of a killed stack hold the lock until they are gone too, which takes them a moment.
_WAIT_SECONDS = 5.0
# Raise it with every change after which stored rows, objects or messages are read otherwise than they were written:
# until 1.0.0 nothing converts them.
FORMAT = 4


class DataDirectory:
    """A locked directory; temporary and removed at the end when no path is given.

    A directory tells the format of what it holds; one of another format is refused. The lock belongs to the open
    file, which the emulators inherit: a directory is free only when no process that could still write to it is left,
    however the stack ended.
    """

    def __init__(self, path: Path | None) -> None:
        self.durable = path is not None
        self.path = path or Path(tempfile.mkdtemp(prefix="local-stack-"))
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.lock_fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise DataDirectoryError(f"{self.path} cannot be used as a data directory: {error.strerror}") from error
        self._lock()
        try:
            self._check_format()
            self._close_to_others()
        except BaseException:
            os.close(self.lock_fd)
            raise

    @property
    def database(self) -> Path:
        """The tables: SQLite, as Dynoxide keeps it."""
        return self.path / "dynamodb.sqlite"

    @property
    def positions(self) -> Path:
        """A folder with a file for each reader of a stream: how far it has come with each shard."""
        return self.path / "streams"

    def close(self) -> None:
        """Give the directory up, or remove it if it was temporary."""
        os.close(self.lock_fd)
        if not self.durable:
            shutil.rmtree(self.path, ignore_errors=True)

    def _close_to_others(self) -> None:
        """Take from others what they may do with what lies here: earlier versions, and copies, let everybody read."""
        for path in [self.path, *self.path.rglob("*")]:
            mode = path.lstat().st_mode
            if mode & 0o077 and not stat.S_ISLNK(mode):
                path.chmod(stat.S_IMODE(mode) & 0o700)

    def _lock(self) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                return fcntl.flock(self.lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    os.close(self.lock_fd)
                    raise DataDirectoryError(f"{self.path} is in use by another local stack") from error
                time.sleep(0.05)

    def _check_format(self) -> None:
        """Mark an empty directory with the format that is written now, and refuse one that holds another."""
        mark = self.path / "format"
        # A start that was killed may have left these two, the mark still empty.
        if {path.name for path in self.path.iterdir()} <= {"lock", mark.name} and not _read(mark):
            mark.write_text(f"{FORMAT}\n", "ascii")
        if _read(mark) != str(FORMAT):
            raise DataDirectoryError(
                f"{self.path} is not empty and holds nothing that this version of the local stack can read: "
                "name another directory with --data, or remove this one if another version of the stack made it"
            )


def _read(mark: Path) -> str:
    return mark.read_text("ascii", "replace").strip() if mark.is_file() else ""
