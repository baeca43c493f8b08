"""What reading a folder takes of memory: names and hashes, and one content at a time."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

from tests.clients.folder.trees import read

# `make soak` takes 100 000.
MANY = int(os.environ.get("FOLDER_MANY", "400"))
LARGE = 400_000


def peak_of(root: Path) -> tuple[int, int, int]:
    """How many documents there are, what stays of them, and the most that was held at a time; in bytes."""
    read(root)
    tracemalloc.start()
    folder = read(root)
    stays, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return len(folder.documents), stays, most


def test_contents_are_not_kept(tmp_path: Path) -> None:
    (tmp_path / "0.txt").write_text("Some words. " * (LARGE // 12))
    for number in range(1, 40):
        os.link(tmp_path / "0.txt", tmp_path / f"{number}.txt")
    documents, stays, most = peak_of(tmp_path)
    assert documents == 40
    assert stays < LARGE
    assert most < 12 * LARGE


def test_a_document_takes_little(tmp_path: Path) -> None:
    for number in range(MANY):
        folder = tmp_path / f"{number // 100:04}"
        folder.mkdir(exist_ok=True)
        (folder / f"page-{number % 100}.txt").write_text(f"Text of {number}\n")
    documents, stays, most = peak_of(tmp_path)
    assert documents == MANY
    assert stays / MANY < 1_500
    assert (most - stays) < 1_000_000 + 300 * MANY
