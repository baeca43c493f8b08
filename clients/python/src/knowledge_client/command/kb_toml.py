"""kb.toml: what is published from where, and how the folder is read. It holds no key and no address.

A kb.toml comes with the content, maybe from somebody else's branch: were the address in it, whoever writes it would be
sent the key.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge_client.command.exits import StoppedError
from knowledge_client.folder import DEFAULT_SHARE, FolderError, Settings, make_settings

NAME = "kb.toml"
ANYWHERE = "anywhere"
MAX_GRACE_DAYS = 365
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:/+-]{0,199}")


@dataclass(frozen=True, slots=True)
class KbToml:
    """What a kb.toml says.

    `root` is the folder of the documents. `label` tells the source, and behind its `@` what it mirrors; `moved_to` is a
    place that counts besides. `removals_share` is the share of what is served that may go without approval.
    """

    file: Path
    root: Path
    name: str
    label: str
    moved_to: str | None
    grace_days: int
    removals_share: float
    folder: Settings

    @property
    def place(self) -> str:
        """What the label says that the source mirrors; empty when it does not say it."""
        return self.label.partition("@")[2]


class KbTomlError(StoppedError):
    """Raised when there is no kb.toml, or something in it is wrong; says the line and the setting."""

    def __init__(
        self, message: str, next_step: str = "Mend it, and run it again. docs/kb.md lists every setting."
    ) -> None:
        super().__init__(message, code="kb_toml", next_step=next_step)


def find_kb_toml(given: Path | None, start: Path) -> Path | None:
    """Return the file that was named, or the nearest from `start` upwards, None when there is none.

    Raises KbTomlError when the named one is not there.
    """
    if given is not None:
        file = given / NAME if given.is_dir() else given
        if not file.is_file():
            raise KbTomlError(f"{file} is not there", "Name another one, or write it: kb init FOLDER")
        return file
    return next((folder / NAME for folder in (start, *start.parents) if (folder / NAME).is_file()), None)


def read_kb_toml(file: Path) -> KbToml:
    """Read a kb.toml. Raises KbTomlError with the line and the setting that is wrong."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
        tables = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise KbTomlError(f"{file} is not UTF-8 (byte {error.start})") from error
    except OSError as error:
        raise KbTomlError(f"{file} can't be read: {error.strerror or error}") from error
    except tomllib.TOMLDecodeError as error:
        raise KbTomlError(f"{file} is no TOML: {error}") from error
    return _Reading(file, text, tables).made()


class _Reading:
    def __init__(self, file: Path, text: str, tables: Mapping[str, Any]) -> None:
        self._file = file
        self._text = text
        self._tables = tables

    def made(self) -> KbToml:
        for name, value in self._tables.items():
            if name not in {"source", "folder"}:
                raise self._wrong(None, name, "is no setting. There are the tables [source] and [folder]")
            if not isinstance(value, dict):
                raise self._wrong(None, name, f"must be a table, [{name}]")
        source = self._tables.get("source", {})
        for name in source:
            if name not in _CHECKS:
                raise self._wrong("source", name, f"is no setting. There are {', '.join(_CHECKS)}")
        given = {name: self._checked(source, name) for name in _CHECKS}
        return KbToml(
            self._file,
            self._file.parent / given["path"],
            given["name"],
            given["label"],
            given["moved_to"],
            given["grace_days"],
            given["removals_share"],
            self._folder(),
        )

    def _checked(self, source: Mapping[str, Any], name: str) -> Any:
        default, wanted, is_sound = _CHECKS[name]
        value = source.get(name, default)
        if value is _NEEDED:
            raise KbTomlError(f"{self._file}: [source] {name} is missing: it must be {wanted}")
        if name in source and not is_sound(value):
            raise self._wrong("source", name, f"must be {wanted}")
        return value

    def _folder(self) -> Settings:
        table = self._tables.get("folder", {})
        try:
            return make_settings(table)
        except FolderError as error:
            # By itself each setting tells whether it is the one.
            for name, value in table.items():
                try:
                    make_settings({name: value})
                except FolderError as found:
                    raise self._wrong("folder", name, "", str(found)) from error
            raise KbTomlError(f"{self._file}: [folder] {error}") from error

    def _wrong(self, table: str | None, name: str, wanted: str, said: str | None = None) -> KbTomlError:
        line = line_of(self._text, table, name)
        at = f"{self._file}, line {line}" if line else str(self._file)
        shown = f"[{table}] {name}" if table else name
        return KbTomlError(f"{at}: {shown}{': ' + said if said else ' ' + wanted}")


def line_of(text: str, table: str | None, name: str) -> int | None:
    """Return the line that a setting stands in, from 1; None when it is not written in a line of its own."""
    inside: str | None = None
    key = re.compile(rf"\s*(?:{re.escape(name)}|([\"']){re.escape(name)}\1)\s*[=.]")
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+\s*([^\]\s]+)\s*\]", line)
        if header is not None:
            inside = header[1].strip("\"'")
            if (table is None and inside == name) or inside == f"{table}.{name}":
                return number
        elif inside == table and key.match(line):
            return number
    return None


def written_text(value: str) -> str:
    """Write a text as TOML has it."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def add_setting(text: str, name: str, value: str) -> str:
    """Return a kb.toml with a text set in `[source]`; the rest stays as it is, comments included."""
    lines = text.splitlines(keepends=True)
    setting = f"{name} = {written_text(value)}\n"
    at = line_of(text, "source", name)
    if at is not None:
        lines[at - 1] = setting
        return "".join(lines)
    label = line_of(text, "source", "label")
    lines.insert(len(lines) if label is None else label, setting)
    return "".join(lines)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_NEEDED = object()
_Check = tuple[Any, str, Callable[[Any], bool]]
# Of each setting its default, what it must be, and whether a value is that.
_CHECKS: dict[str, _Check] = {
    "path": (".", "the folder of the documents, from here", _is_text),
    "name": (_NEEDED, "a name of 1 to 200 characters", lambda value: _is_text(value) and len(value) <= 200),
    "label": (
        _NEEDED,
        "as `kb init` writes it: letters, digits and . _ @ : / + -, at most 200",
        lambda value: isinstance(value, str) and _LABEL.fullmatch(value) is not None,
    ),
    "moved_to": (None, f'the place that the folder was moved to, or "{ANYWHERE}"', _is_text),
    "grace_days": (
        0,
        f"a number of days from 0 to {MAX_GRACE_DAYS}",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_GRACE_DAYS,
    ),
    "removals_share": (
        DEFAULT_SHARE,
        "a share from 0 to 1, such as 0.2",
        lambda value: _is_number(value) and 0 <= value <= 1,
    ),
}
