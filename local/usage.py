"""What a stack takes of the machine: resident memory of its processes (Linux), and bytes on disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from local.data_directory import DataDirectory

_MEBIBYTE = 1 << 20


def memory_bytes(pid: int) -> int:
    """Return the resident memory of a process; 0 when it is gone, or the system has no /proc."""
    try:
        lines = (Path("/proc") / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), 0)


def disk_bytes(data: DataDirectory) -> dict[str, int]:
    """Return the bytes of the files of a data directory: of tables, of objects, and of all the rest."""
    sizes = {"tables": 0, "objects": 0, "other": 0}
    objects = data.path / "objects"
    for path in data.path.rglob("*"):
        kind = "objects" if objects in path.parents else "other"
        if path.name.startswith(data.database.name):
            kind = "tables"
        sizes[kind] += _size(path)
    return sizes


def told(sizes: dict[str, int]) -> str:
    """Say sizes in a line: `12.3 MiB (tables 10.0, objects 2.3, other 0.0)`."""
    parts = ", ".join(f"{name} {_mebibytes([size])}" for name, size in sizes.items())
    return f"{_mebibytes(sizes.values())} MiB ({parts})"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0  # It went while we looked.


def _mebibytes(sizes: Iterable[int]) -> str:
    return f"{sum(sizes) / _MEBIBYTE:.1f}"
