"""Reads a folder: what is in it, without its contents, and the items themselves when they are needed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from pathspec import GitIgnoreSpec

from knowledge_client.content_hashes import content_hash
from knowledge_client.folder.converting import FILE_BYTES as CONVERTED_BYTES
from knowledge_client.folder.converting import convert, is_installed, not_installed
from knowledge_client.folder.documents import CONTENT_BYTES, FILE_BYTES, Read, read_conversion, read_document
from knowledge_client.folder.file_bytes import read_file
from knowledge_client.folder.ignoring import compile_patterns
from knowledge_client.folder.kinds import CONVERTED, default_suffixes, is_unread_document, suffix_of
from knowledge_client.folder.model import (
    Document,
    FileChangedError,
    FileSystem,
    Folder,
    HeldBackError,
    Item,
    LeftOut,
    NotReadableError,
    Problem,
)
from knowledge_client.folder.settings import Settings
from knowledge_client.folder.walking import File, Other, Walk


@dataclass(frozen=True, slots=True)
class FolderReader:
    """Reads one folder at one time: `now` decides what is in the future, and stays the same until the end."""

    root: str
    settings: Settings
    now: datetime
    encodings: tuple[tuple[GitIgnoreSpec, str], ...] = ()

    @classmethod
    def of(cls, root: Path | str, settings: Settings | None = None, now: datetime | None = None) -> FolderReader:
        """Make one; `now` has a zone, and is this moment unless it is said."""
        settings = settings or Settings()
        encodings = tuple((compile_patterns((pattern,)), label) for pattern, label in settings.encodings.items())
        moment = now if now is not None else datetime.now(timezone.utc)  # noqa: UP017
        return cls(os.path.realpath(root), settings, moment, encodings)

    def read(self, progress: Callable[[int], None] | None = None) -> Folder:
        """Read the folder; `progress` is told how many files were read.

        Raises FolderError when there is no such folder, or when it can't be looked into.
        """
        documents: list[Document] = []
        left_out: list[LeftOut] = []
        problems: list[Problem] = []
        others: list[str] = []
        ignores_case: bool | None = None
        for seen in Walk(self.root, self.settings):
            if isinstance(seen, File) and ignores_case is None:
                ignores_case = _ignores_case(self._native(seen.path))
            told = self._document(seen) if isinstance(seen, File) else seen
            match told:
                case Document():
                    documents.append(told)
                case LeftOut():
                    left_out.append(told)
                case Problem():
                    problems.append(told)
                case Other():
                    others.append(told.path)
            if progress is not None and isinstance(seen, File):
                progress(len(documents))
        if not documents and not any(each.why == "held back" for each in left_out):
            # A drive that is not mounted, a checkout that failed, and a pattern that names everything look like this.
            problems.insert(0, Problem("", "holds no documents: its items stay as they are served", below=True))
        return Folder(
            self.root,
            tuple(documents),
            tuple(left_out),
            tuple(problems),
            tuple(others),
            frozenset(self.settings.suffixes),
            FileSystem(bool(ignores_case), os.name == "nt"),
            tuple(self._unread(others)),
        )

    def _unread(self, others: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Tell what would be read if more were installed, and which kinds never are, unless somebody chose what is."""
        if self.settings.suffixes != default_suffixes():
            return
        for path in others:
            kind = CONVERTED.get(suffix_of(path))
            if kind is not None and not is_installed(kind):
                yield path, not_installed(kind)
        for suffix, count in sorted(Counter(suffix_of(path) for path in others if is_unread_document(path)).items()):
            yield f"*{suffix}", f"{count} {'file' if count == 1 else 'files'} of a kind that is not read"

    def item_of(self, document: Document) -> Item:
        """Read a document's item again. Raises FileChangedError when it is not any more what the folder held."""
        try:
            item = self._read(document.external_item_id, document.path).item
        except (NotReadableError, HeldBackError) as error:
            raise FileChangedError(document.path) from error
        if content_hash(item) != document.content_hash:
            raise FileChangedError(document.path)
        return item

    def items(self, documents: Iterable[Document]) -> Iterator[Item]:
        """Read the items of documents one after another. Raises FileChangedError as `item_of` does."""
        return map(self.item_of, documents)

    def hash_at(self, document: Document, external_item_id: str) -> str | None:
        """The content hash that a document's file would have at another path, None when it would be no item there."""
        try:
            return content_hash(self._read(external_item_id, document.path).item)
        except (NotReadableError, HeldBackError, KeyError):
            return None

    def _document(self, file: File) -> Document | LeftOut | Problem:
        try:
            read = self._read(file.external_item_id, file.path)
        except NotReadableError as error:
            return Problem(file.external_item_id, str(error))
        except HeldBackError as error:
            return LeftOut(file.external_item_id, str(error), "held back")
        return Document(
            file.external_item_id,
            file.path,
            content_hash(read.item),
            read.content_bytes,
            read.item["title"],
            read.item.get("url"),
            read.notices,
        )

    def _read(self, external_item_id: str, path: str) -> Read:
        kind = CONVERTED.get(suffix_of(external_item_id))
        if kind is not None:
            found = convert(read_file(self._native(path), CONVERTED_BYTES), kind, CONTENT_BYTES)
            return read_conversion(external_item_id, found, self.settings, self.now)
        raw = read_file(self._native(path), FILE_BYTES)
        encoding = next((label for spec, label in self.encodings if spec.match_file(external_item_id)), None)
        return read_document(external_item_id, raw, self.settings, self.now, encoding)

    def _native(self, path: str) -> str:
        return os.path.join(self.root, *path.split("/"))  # noqa: PTH118 - names that are not UTF-8


def _ignores_case(path: str) -> bool:
    """Whether a file is also found by its name in other letters."""
    folder, name = os.path.split(path)
    swapped = os.path.join(folder, name.swapcase())  # noqa: PTH118
    try:
        return name.swapcase() != name and os.path.samefile(path, swapped)  # noqa: PTH121
    except OSError:
        return False


def read_folder(root: Path | str, settings: Settings | None = None, now: datetime | None = None) -> Folder:
    """Read a folder in one call; see `FolderReader`."""
    return FolderReader.of(root, settings, now).read()
