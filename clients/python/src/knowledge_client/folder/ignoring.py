"""Which files are left out by .gitignore files and by the patterns of the settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from pathspec import GitIgnoreSpec, Pattern, RegexPattern

from knowledge_client.folder.file_bytes import read_file
from knowledge_client.folder.model import FolderError, NotReadableError

NAME = ".gitignore"
_MOST_BYTES = 1_048_576


def compile_patterns(lines: tuple[str, ...]) -> GitIgnoreSpec:
    """Compile patterns as of a .gitignore. Raises FolderError when one is none."""
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise FolderError(f"a pattern is wrong: {error}") from error


@dataclass(frozen=True, slots=True)
class Ignoring:
    """The .gitignore files of a folder and of those above it: the nearest that names a path decides.

    `place` is the folder's path with a slash at its end, from the same root as the paths that are asked for.
    """

    place: str
    patterns: GitIgnoreSpec
    above: Ignoring | None = None

    def names(self, path: str, *, is_folder: bool) -> bool:
        """Whether a path from the root is ignored."""
        asked = f"{path}/" if is_folder else path
        rules: Ignoring | None = self
        while rules is not None:
            below = asked.removeprefix(rules.place)
            # The last pattern that names it decides.
            for pattern in reversed(rules.patterns.patterns):
                if pattern.include is not None and _names(pattern, below):
                    return bool(pattern.include)
            rules = rules.above
        return False


def _names(pattern: Pattern, path: str) -> bool:
    """Whether a pattern names a path itself, and not only a folder above it.

    Folders are asked first, and nothing below one that is ignored. To take a folder back (`!/docs`) is not to take back
    what is in it, as it would be for pathspec's own `match_file`. In its expressions the group `ps_d` is the slash at
    which a folder's name ends.
    """
    assert isinstance(pattern, RegexPattern) and pattern.regex is not None  # noqa: S101 - of GitIgnoreSpec
    for match in pattern.regex.finditer(path):
        at_end = match.end() == len(path)
        if match.groupdict().get("ps_d") is not None:
            if at_end:
                return True
        # `docs/**` is what lies in docs, and not docs.
        elif not (at_end and match[0].endswith("/")):
            return True
    return False


def read_ignoring(folder: str, place: str, above: Ignoring | None) -> Ignoring:
    """Add a folder's own .gitignore to those above it. Raises NotReadableError when it can't be read."""
    try:
        lines = read_file(os.path.join(folder, NAME), _MOST_BYTES).decode("utf-8-sig").splitlines()  # noqa: PTH118
        return Ignoring(place, GitIgnoreSpec.from_lines(lines), above)
    except (NotReadableError, ValueError) as error:
        said = str(error) if isinstance(error, NotReadableError) else "is not a list of patterns in UTF-8"
        raise NotReadableError(f"has a {NAME} that {said}: nobody knows what it leaves out") from error


class Repository:
    """What the repository says that a folder lies in, by the .gitignore files above the folder.

    Who names a folder that is itself ignored (built pages, say) wants it read: those above say nothing of it then.
    """

    def __init__(self, root: str) -> None:
        """`root` is the folder's absolute path. Raises NotReadableError when a .gitignore above it can't be read."""
        self.prefix = ""
        self.above: Ignoring | None = None
        top = next((each for each in _upward(root) if os.path.lexists(os.path.join(each, ".git"))), None)  # noqa: PTH118
        if top is None or top == root:
            return
        prefix = os.path.relpath(root, top).replace(os.sep, "/") + "/"
        parts = prefix.rstrip("/").split("/")
        rules: Ignoring | None = None
        for count, part in enumerate(parts):
            place = "".join(f"{each}/" for each in parts[:count])
            folder = os.path.join(top, *parts[:count])  # noqa: PTH118
            if NAME in os.listdir(folder):  # noqa: PTH208 - names that are not UTF-8
                rules = read_ignoring(folder, place, rules)
            if rules is not None and rules.names(f"{place}{part}", is_folder=True):
                return
        self.prefix, self.above = prefix, rules


def _upward(path: str) -> Iterator[str]:
    while True:
        yield path
        parent = os.path.dirname(path)  # noqa: PTH120
        if parent == path:
            return
        path = parent
