"""Folders for tests, written down as what is in them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from knowledge_client.folder import Folder, FolderReader, Item, Served, Settings

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
_NOBODY = 65_534


def write_tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files under a folder; a text is written in UTF-8."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def reader_of(root: Path, **settings: object) -> FolderReader:
    return FolderReader.of(root, Settings(**settings), NOW)


def read(root: Path, **settings: object) -> Folder:
    return reader_of(root, **settings).read()


def item_in(root: Path, name: str, content: str | bytes, **settings: object) -> Item:
    """The item that a file of this name and content is."""
    reader = reader_of(write_tree(root, {name: content}), **settings)
    folder = reader.read()
    found = [each for each in folder.documents if each.external_item_id == name]
    assert found, (folder.problems, folder.left_out)
    return reader.item_of(found[0])


def title_in(root: Path, name: str, content: str | bytes, **settings: object) -> str:
    return item_in(root, name, content, **settings)["title"]


def served_of(folder: Folder) -> list[Served]:
    """What is served after a folder was published."""
    return [Served(d.external_item_id, d.content_hash, d.title, d.content_bytes) for d in folder.documents]


def problems_of(folder: Folder) -> dict[str, str]:
    return {each.path: each.reason for each in folder.problems}


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that any user may go into, as those of pytest are not."""
    root = Path(tempfile.mkdtemp(prefix="folder-"))
    root.chmod(0o755)
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def as_somebody() -> Iterator[None]:
    """As a user whom permissions bind; root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
