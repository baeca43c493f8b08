"""What lies in a folder, in the order of paths: files to read, and everything that is not read with its reason.

No link is followed: what it leads to may be outside, or the folder itself. What can't be looked into is a problem,
since nobody knows what it holds.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge_client.folder.documents import check_id
from knowledge_client.folder.ignoring import NAME, Ignoring, Repository, compile_patterns, read_ignoring
from knowledge_client.folder.kinds import suffix_of
from knowledge_client.folder.model import FolderError, LeftOut, NotReadableError, Problem
from knowledge_client.folder.settings import ALWAYS_EXCLUDED, Settings


@dataclass(frozen=True, slots=True)
class File:
    """A file to read: its id, and its path in the folder as the file system spells it."""

    external_item_id: str
    path: str


@dataclass(frozen=True, slots=True)
class Other:
    """A file of a suffix that is not read."""

    path: str


Seen = File | Other | LeftOut | Problem


@dataclass(frozen=True, slots=True)
class _Entry:
    """A name in a folder. `path` is as the file system has it, `shown` in NFC; both with `/`."""

    path: str
    shown: str
    is_folder: bool
    is_link: bool
    error: str | None = None
    ignoring: Ignoring | None = None


class Walk:
    """Goes through a folder. Raises FolderError when there is none, or when it can't be looked into."""

    def __init__(self, root: str, settings: Settings) -> None:
        self._root = os.path.realpath(root)
        self._suffixes = frozenset(settings.suffixes)
        self._include = compile_patterns(settings.include) if settings.include else None
        self._exclude = Ignoring("", compile_patterns(ALWAYS_EXCLUDED + settings.exclude))
        self._gitignore = settings.gitignore
        self._prefix = ""

    def __iter__(self) -> Iterator[Seen]:
        """Tell what is there. Holds the names of the folders on the way, and no more."""
        try:
            repository = Repository(self._root) if self._gitignore else None
            ignoring = repository.above if repository else None
            self._prefix = repository.prefix if repository else ""
            entries = self._entries_of(_Entry("", "", True, False, ignoring=ignoring))
        except NotReadableError as error:
            raise FolderError(f"{self._root} {error}") from error
        except OSError as error:
            raise FolderError(f"{self._root} can't be looked into: {error.strerror or error}") from error
        waiting = list(reversed(entries))
        while waiting:
            entry = waiting.pop()
            told = self._tell(entry)
            if told is not None:
                yield told
                continue
            try:
                waiting += reversed(self._entries_of(entry))
            except NotReadableError as error:
                yield Problem(entry.shown, str(error), below=True)
            except OSError as error:
                yield Problem(entry.shown, f"can't be looked into: {error.strerror or error}", below=True)

    def _entries_of(self, folder: _Entry) -> list[_Entry]:
        path = self._native(folder.path)
        with os.scandir(path) as found:
            listed = list(found)
        ignoring = folder.ignoring
        if self._gitignore and any(each.name == NAME for each in listed):
            place = f"{self._prefix}{folder.path}/" if folder.path else self._prefix
            ignoring = read_ignoring(path, place, ignoring)
        entries = [self._entry(folder, each, ignoring) for each in listed]
        # With the slash that paths below a folder have, the whole comes in the order of paths.
        entries.sort(key=lambda each: (each.shown + "/" if each.is_folder else each.shown, each.path))
        return self._told_apart(entries)

    def _entry(self, folder: _Entry, found: os.DirEntry[str], ignoring: Ignoring | None) -> _Entry:
        path = f"{folder.path}/{found.name}" if folder.path else found.name
        shown = unicodedata.normalize("NFC", path)
        try:
            is_link = found.is_symlink() or getattr(found, "is_junction", bool)()
            return _Entry(path, shown, found.is_dir(follow_symlinks=False) and not is_link, is_link, None, ignoring)
        except OSError as error:
            return _Entry(path, shown, False, False, f"can't be looked at: {error.strerror or error}", ignoring)

    def _told_apart(self, entries: list[_Entry]) -> list[_Entry]:
        """Mark names that differ only in how Unicode spells them: they would be one item."""
        counts: dict[str, int] = {}
        for entry in entries:
            counts[entry.shown] = counts.get(entry.shown, 0) + 1
        same = "is there twice, in two spellings of Unicode that look alike"
        return [
            entry if counts[entry.shown] == 1 else _Entry(entry.path, entry.shown, False, entry.is_link, same)
            for entry in entries
        ]

    def _tell(self, entry: _Entry) -> Seen | None:
        """What is to be said of an entry; None for a folder to go into."""
        if (left_out := self._left_out(entry)) is not None:
            return left_out
        if entry.error is not None:
            return Problem(_printable(entry.shown), entry.error, below=True)
        if self._not_included(entry):
            return LeftOut(_printable(entry.shown), "is not in include", "excluded")
        if entry.is_link:
            return self._link(entry)
        try:
            check_id(entry.shown)
        except NotReadableError as error:
            return Problem(_printable(entry.shown), str(error), below=entry.is_folder)
        if entry.is_folder:
            return None
        if suffix_of(entry.shown) not in self._suffixes:
            return Other(entry.shown)
        return File(entry.shown, entry.path)

    def _left_out(self, entry: _Entry) -> LeftOut | None:
        shown, is_folder = entry.shown, entry.is_folder
        if shown.rpartition("/")[2].startswith("."):
            return LeftOut(_printable(shown), "is hidden", "hidden", is_folder)
        if self._exclude.names(shown, is_folder=is_folder):
            return LeftOut(_printable(shown), "is in exclude", "excluded", is_folder)
        if entry.ignoring is not None and entry.ignoring.names(self._prefix + entry.path, is_folder=is_folder):
            return LeftOut(_printable(shown), "is ignored by .gitignore", "ignored", is_folder)
        return None

    def _not_included(self, entry: _Entry) -> bool:
        if self._include is None or entry.is_folder or suffix_of(entry.shown) not in self._suffixes:
            return False
        return not self._include.match_file(entry.shown)

    def _link(self, entry: _Entry) -> Seen:
        path = self._native(entry.path)
        try:
            target = os.path.realpath(path, strict=True)
            is_folder = os.path.isdir(target)  # noqa: PTH112
        except OSError:
            return Problem(_printable(entry.shown), "is a link that leads nowhere", below=True)
        if not is_folder and suffix_of(entry.shown) not in self._suffixes:
            return Other(_printable(entry.shown))
        inside = os.path.commonpath([self._root, target]) == self._root if _same_drive(self._root, target) else False
        where = "within the folder" if inside else "out of the folder"
        return Problem(_printable(entry.shown), f"is a link {where}, which is not followed", below=is_folder)

    def _native(self, path: str) -> str:
        return os.path.join(self._root, *path.split("/")) if path else self._root  # noqa: PTH118


def _same_drive(one: str, other: str) -> bool:
    return os.path.splitdrive(one)[0].lower() == os.path.splitdrive(other)[0].lower()


def _printable(path: str) -> str:
    """A path that can be written down: what is not UTF-8, and what a terminal would obey, as escapes."""
    return "".join(f"\\x{ord(c) & 0xFF:02x}" if unicodedata.category(c) in {"Cc", "Cs"} else c for c in path)
