"""What is known of a folder and of what is served, in plain values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Item = dict[str, Any]
"""An item as the API takes it."""

Why = Literal["hidden", "excluded", "ignored", "held back"]


class FolderError(Exception):
    """Raised when there is no folder to read, or its settings are wrong."""


class NotReadableError(ValueError):
    """Raised when a file is there but can't be an item; the message goes on after its path."""


class HeldBackError(ValueError):
    """Raised when the author of a file says that it is not to be published; the message says by what."""


class FileChangedError(Exception):
    """Raised when a file is not any more what was planned; `path` is the file's."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} was changed after the folder was read. Read it again.")
        self.path = path


@dataclass(frozen=True, slots=True)
class Document:
    """A file that is an item.

    `external_item_id` is the path in the folder with `/`, in Unicode's form NFC; `path` is the file's own, as the file
    system spells it. `content_bytes` is the size of the content in UTF-8. `notices` say what was left out of the item.
    """

    external_item_id: str
    path: str
    content_hash: str
    content_bytes: int
    title: str
    url: str | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file, or with `below` a folder, that is not to be published because somebody said so."""

    path: str
    reason: str
    why: Why
    below: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, or with `below` all of a folder, of which nobody knows what it holds: its item stays as it is served."""

    path: str
    reason: str
    below: bool = False


@dataclass(frozen=True, slots=True)
class FileSystem:
    """What a file system can't tell apart or hold, so that a file's absence there says nothing."""

    ignores_case: bool = False
    windows_names: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it was read, each list in the order of paths. Holds no contents.

    `others` are files of suffixes that are not read; `suffixes` are those that are. `notices` say of paths what would
    have them read, and of patterns (`*.adoc`) that such documents are not.
    """

    root: str
    documents: tuple[Document, ...]
    left_out: tuple[LeftOut, ...] = ()
    problems: tuple[Problem, ...] = ()
    others: tuple[str, ...] = ()
    suffixes: frozenset[str] = frozenset()
    file_system: FileSystem = field(default_factory=FileSystem)
    notices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Served:
    """An item of the generation that is served. `removed_at` is set while a removed item is in grace."""

    external_item_id: str
    content_hash: str
    title: str = ""
    content_bytes: int | None = None
    removed_at: str | None = None

    @classmethod
    def from_answer(cls, item: Mapping[str, Any]) -> Served:
        """Make it of an entry of `GET .../generations/current/items`."""
        return cls(
            item["externalItemId"], item["contentHash"], item["title"], item["contentBytes"], item.get("removedAt")
        )
