"""Reads a folder of documents as items, and says what publishing it would change."""

from __future__ import annotations

from knowledge_client.folder.model import (
    Document,
    FileChangedError,
    FileSystem,
    Folder,
    FolderError,
    Item,
    LeftOut,
    Problem,
    Served,
)
from knowledge_client.folder.planning import DEFAULT_SHARE, Change, Kept, Plan, Removal, make_plan
from knowledge_client.folder.reading import FolderReader, read_folder
from knowledge_client.folder.renames import Rename
from knowledge_client.folder.settings import Settings, make_settings, read_settings

__all__ = [
    "DEFAULT_SHARE",
    "Change",
    "Document",
    "FileChangedError",
    "FileSystem",
    "Folder",
    "FolderError",
    "FolderReader",
    "Item",
    "Kept",
    "LeftOut",
    "Plan",
    "Problem",
    "Removal",
    "Rename",
    "Served",
    "Settings",
    "make_plan",
    "make_settings",
    "read_folder",
    "read_settings",
]
