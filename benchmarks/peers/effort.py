"""What a piece of work took of its own process and of the folder that it keeps its data in."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.peers.data import Row

Stamp = tuple[int, int, int]


@dataclass
class Effort:
    """CPU is user and system time of all threads of the process; read and written is what it asked of the files.

    The database's part is that of our DynamoDB tables alone: bytes of requests and answers, rows, write units, and
    the CPU of the emulator in its own process.
    """

    cpu_seconds: float = 0.0
    bytes_written: int = 0
    files_written: int = 0
    bytes_read: int = 0
    peak_bytes: int = 0
    database_bytes_sent: int = 0
    database_bytes_received: int = 0
    database_rows: int = 0
    database_write_units: float = 0.0
    database_cpu_seconds: float = 0.0


class Peer(Protocol):
    """A system that keeps rows by key, in versions."""

    # Everything under it is what the system wrote.
    folder: Path

    def prepare(self, rows: Sequence[Row]) -> Any:
        """Turn rows into what the system takes; not counted."""
        ...

    def load(self, prepared: Sequence[Any]) -> None:
        """Make the first version."""
        ...

    def open(self) -> None:
        """Get ready to change what an earlier process loaded; not counted."""
        ...

    def change(self, prepared: Any) -> None:
        """Make a version in which these rows are new."""
        ...

    def changed(self) -> set[str]:
        """Open everything anew and name the rows in which the last two versions differ."""
        ...

    def count(self) -> int:
        """Count the rows of the last version."""
        ...

    def contents(self, names: Sequence[str]) -> dict[str, str]:
        """Read contents out of the last version."""
        ...

    def watch(self, effort: Effort) -> Callable[[], None]:
        """Begin to count what happens in other processes; the answer ends it."""
        ...


def stamps(folder: Path) -> dict[str, Stamp]:
    """Every file under a folder: a file that is written anew gets another stamp."""
    found = {}
    for parent, _, names in os.walk(folder):
        for each in names:
            path = os.path.join(parent, each)  # noqa: PTH118 - a hundred thousand of them, and Path is slow
            stat = os.stat(path)  # noqa: PTH116
            found[path] = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
    return found


@contextmanager
def measuring(peer: Peer) -> Iterator[Effort]:
    """Measure one piece of work of a peer; looking at its folder is outside of what is measured."""
    effort = Effort()
    before = stamps(peer.folder)
    unwatch = peer.watch(effort)
    read, began = _bytes_read(), time.process_time()
    yield effort
    effort.cpu_seconds = time.process_time() - began
    effort.bytes_read = _bytes_read() - read
    effort.peak_bytes = _peak_bytes()
    unwatch()
    written = [stamp for path, stamp in stamps(peer.folder).items() if before.get(path) != stamp]
    effort.files_written = len(written)
    effort.bytes_written = sum(size for _, _, size in written)


def process_cpu_seconds(pid: int) -> float:
    """The CPU time of another process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _bytes_read() -> int:
    """All that this process has read from files, from the page cache too."""
    return _proc_number("/proc/self/io", "rchar")


def _peak_bytes() -> int:
    return _proc_number("/proc/self/status", "VmHWM") * 1024


def _proc_number(path: str, wanted: str) -> int:
    for line in Path(path).read_text().splitlines():
        what, _, value = line.partition(":")
        if what == wanted:
            return int(value.split()[0])
    message = f"{path} has no {wanted}: this benchmark runs on Linux"
    raise RuntimeError(message)
