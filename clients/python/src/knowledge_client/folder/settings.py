"""How a folder is read: the table `[folder]` of kb.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from knowledge_client.folder.decoding import find_codec
from knowledge_client.folder.fields import check_language
from knowledge_client.folder.kinds import KINDS, default_suffixes
from knowledge_client.folder.model import FolderError
from knowledge_client.folder.urls import SLUGS, Slugs, check_base_url

# What tools make and nobody wrote for readers; Word keeps `~$guide.docx` while somebody has guide.docx open. Stands
# before `exclude`, which can take it back: `!_drafts`. Hidden files are left out anyway.
ALWAYS_EXCLUDED = ("node_modules", "bower_components", "__pycache__", "_drafts", "~$*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to read a folder; everything has a default.

    `include` and `exclude` are patterns as in a .gitignore, from the folder's root. `encodings` says for patterns what
    charset their files are in. `zone` is that of dates without one. `language` is that of pages that name none.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = field(default_factory=default_suffixes)
    gitignore: bool = True
    base_url: str | None = None
    slugs: Slugs = "plain"
    encodings: Mapping[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    language: str | None = None

    def __post_init__(self) -> None:
        """Raises FolderError when a setting is wrong."""
        for suffix in self.suffixes:
            if suffix not in KINDS:
                raise FolderError(f"suffixes: {suffix!r} can't be read. There are {', '.join(KINDS)}.")
        if self.slugs not in SLUGS:
            raise FolderError(f"slugs must be one of {', '.join(SLUGS)}")
        if self.base_url is not None:
            check_base_url(self.base_url)
        for pattern, label in self.encodings.items():
            if find_codec(label) is None:
                raise FolderError(f"encodings: {pattern!r} names the charset {label!r}, which nobody knows")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise FolderError(f"zone: {self.zone!r} is no time zone such as Europe/Berlin") from None
        if self.language is not None:
            try:
                check_language(self.language)
            except ValueError as error:
                raise FolderError(f"language {error}") from None


def read_settings(path: Path) -> Settings:
    """Read the table `[folder]` of a kb.toml. Raises FolderError when it is wrong, or names a setting there is not."""
    try:
        table = tomllib.loads(path.read_text("utf-8")).get("folder", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FolderError(f"{path} can't be read: {error}") from error
    return make_settings(table)


def make_settings(table: Mapping[str, Any]) -> Settings:
    """Make settings of a table. Raises FolderError when it is wrong."""
    given: dict[str, Any] = {}
    known = {each.name for each in fields(Settings)}
    for name, value in table.items():
        if name not in known:
            raise FolderError(f"[folder] has no setting {name!r}. There are {', '.join(sorted(known))}.")
        given[name] = _checked(name, value)
    return Settings(**given)


def _checked(name: str, value: Any) -> Any:
    match name:
        case "include" | "exclude" | "suffixes":
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise FolderError(f"{name} must be a list of texts")
            return tuple(value)
        case "encodings":
            if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
                raise FolderError(f"{name} must be a table of patterns and charsets")
            return value
        case "gitignore":
            wanted: type = bool
        case _:
            wanted = str
    if not isinstance(value, wanted):
        raise FolderError(f"{name} must be {'true or false' if wanted is bool else 'a text'}")
    return value
