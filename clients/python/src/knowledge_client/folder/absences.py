"""Whether the file of a served item is gone, or only not to be seen from here. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import TypeVar

from knowledge_client.folder.kinds import concerns, suffix_of
from knowledge_client.folder.model import Folder, LeftOut, Problem, Served
from knowledge_client.folder.spelling import folded, key_of

_Place = TypeVar("_Place", Problem, LeftOut)
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_NOT_ON_WINDOWS = re.compile(
    r"(?:^|/)(?:(?:CON|PRN|AUX|NUL|COM[0-9\u00b9\u00b2\u00b3]|LPT[0-9\u00b9\u00b2\u00b3])(?:\.[^/]*)?|[^/]*[. ])(?:/|$)"
    r"|[<>:\"\\|?*\x00-\x1f]",
    re.IGNORECASE,
)


class Absences:
    """Says of an item without a document whether its file is known to be gone."""

    def __init__(self, folder: Folder, items: Mapping[str, Served]) -> None:
        self._folder = folder
        self._problems = {key_of(each.path): each for each in folder.problems}
        self._wishes = {key_of(each.path): each for each in folder.left_out}
        self._others: dict[str, list[str]] = defaultdict(list)
        for other in folder.others:
            self._others[_parent(key_of(other))].append(key_of(other))
        # Names in other letters that are served and here: one file can't be both.
        both = (each.external_item_id for each in folder.documents if each.external_item_id in items)
        self._here = {folded(name) for name in both} if folder.file_system.ignores_case else set()

    def doubt(self, name: str) -> Problem | None:
        """Return what leaves a doubt, None when the file is gone or is not to be published."""
        key = key_of(name)
        problem = _covering(self._problems, key)
        if problem is not None:
            return problem
        if self.wish(name) is not None:
            return None
        for other in self._others.get(_parent(key), ()):
            if other == key:
                return Problem(other, "is of a kind that is not read here, while it is served")
            if concerns(other, key):
                return Problem(other, f"may be what {name} has become, and its kind of file is not read")
        if suffix_of(key) not in self._folder.suffixes or not {"", ".", ".."}.isdisjoint(key.split("/")):
            return Problem(name, "is served, and no file that is read here could be it")
        system = self._folder.file_system
        if system.windows_names and _NOT_ON_WINDOWS.search(name):
            return Problem(name, "is served, and can't be the name of a file on Windows")
        if folded(name) in self._here:
            return Problem(name, "is served, and this file system can't tell it from a name in other letters")
        return None

    def wish(self, name: str) -> str | None:
        """Return why a path is not to be published, None if nobody said so."""
        wish = _covering(self._wishes, key_of(name))
        return None if wish is None else wish.reason


def _covering(places: Mapping[str, _Place], key: str) -> _Place | None:
    """The place of a path itself, or of a folder above it that counts for all below."""
    if key in places:
        return places[key]
    while key:
        key = _parent(key)
        if key in places and places[key].below:
            return places[key]
    return None


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
