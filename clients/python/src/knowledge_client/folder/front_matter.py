"""The block of fields at the top of a page: YAML between lines of `---`, TOML between lines of `+++`. Pure.

Values are kept as they are written, so that `title: 1.10` is no number and a date keeps its zone.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, time
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import MappingStartEvent, SequenceStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from knowledge_client.folder.model import NotReadableError

Value: TypeAlias = "str | bool | list[Value] | dict[str, Value] | None"

_END = r"(?:\r\n|\n|\r|\Z)"
_OPENING = re.compile(rf"(---|\+\+\+)[ \t]*{_END}")
_CLOSING = {
    "---": re.compile(rf"(?<![^\r\n])(?:---|\.\.\.)[ \t]*{_END}"),
    "+++": re.compile(rf"(?<![^\r\n])\+\+\+[ \t]*{_END}"),
}
# A line of text or a comment between two lines does not make it a block of fields.
_FIELD = {
    "---": re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?[\r\n]+)*(?:[\w.$-]+|\"[^\"\r\n]*\"|'[^'\r\n]*')[ \t]*:(?=\s|\Z)"),
    "+++": re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?[\r\n]+)*(?:\[|(?:[\w.-]+|\"[^\"\r\n]*\")[ \t]*=)"),
}
_MOST_CHARACTERS = 65_536
_MOST_LEVELS = 32
_MOST_VALUES = 10_000


def split_front_matter(text: str) -> tuple[dict[str, Value], str]:
    """Return the fields of a page, their names in lower case, and its content exactly as it goes on after them.

    Text between two lines that is no block of fields stays in the content. Raises NotReadableError when there are
    fields that can't be read: among them may be one that holds the page back.
    """
    opening = _OPENING.match(text)
    if opening is None:
        return {}, text
    fence = opening[1]
    closing = _CLOSING[fence].search(text, opening.end())
    if closing is None or closing.start() - opening.end() > _MOST_CHARACTERS:
        if _FIELD[fence].match(text, opening.end()):
            raise NotReadableError(
                f"has front matter that is longer than {_MOST_CHARACTERS} characters"
                if closing
                else f"has front matter that is not closed by a line of {fence}"
            )
        return {}, text
    block = text[opening.end() : closing.start()]
    try:
        fields = _read_yaml(block) if fence == "---" else _read_toml(block)
    except NotReadableError:
        if _FIELD[fence].match(block):
            raise
        return {}, text
    if fields is None:
        return {}, text
    # A name in small letters as it is written wins over others.
    return {**{name.lower(): value for name, value in fields.items()}, **_small(fields)}, text[closing.end() :]


def _small(fields: dict[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in fields.items() if name == name.lower()}


def _read_toml(block: str) -> dict[str, Value]:
    try:
        return {name: _plain(value) for name, value in tomllib.loads(block, parse_float=str).items()}
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise NotReadableError(f"has front matter that is not TOML: {error}") from error


def _plain(value: Any) -> Value:
    match value:
        case bool() | str():
            return value
        case list():
            return [_plain(each) for each in value]
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case datetime() | date() | time():
            return value.isoformat()
    return str(value)


def _read_yaml(block: str) -> dict[str, Value] | None:
    """Read a mapping; None when the text is YAML and no mapping. An empty block has no fields."""
    try:
        _check_levels(block)
        node = _yaml().compose(block)
    except MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f" (line {error.problem_mark.line + 2})"
        raise NotReadableError(f"has front matter that is not YAML: {error.problem or error.context}{line}") from error
    except (YAMLError, RecursionError, ValueError) as error:
        said = str(error).partition("\n")[0]
        raise NotReadableError(f"has front matter that is not YAML: {said}") from error
    if node is None:
        return {}
    if not isinstance(node, MappingNode):
        return None
    fields = _Values().read(node)
    assert isinstance(fields, dict)  # noqa: S101 - of a mapping
    return fields


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    return yaml


def _check_levels(block: str) -> None:
    """Look at the events, which need no recursion, before nodes are made of them."""
    levels = 0
    for event in _yaml().parse(block):
        levels += isinstance(event, (MappingStartEvent, SequenceStartEvent))
        levels -= type(event).__name__ in {"MappingEndEvent", "SequenceEndEvent"}
        if levels > _MOST_LEVELS:
            raise NotReadableError(f"has front matter that is nested over {_MOST_LEVELS} levels deep")


class _Values:
    """Makes values of nodes, and counts them: aliases can make billions of a few lines."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def read(self, node: Node, level: int = 0) -> Value:
        self._left -= 1
        if self._left < 0 or level > _MOST_LEVELS:
            raise NotReadableError(f"has front matter of more than {_MOST_VALUES} values")
        if isinstance(node, ScalarNode):
            return _scalar(node)
        if isinstance(node, SequenceNode):
            return [self.read(each, level + 1) for each in node.value]
        fields: dict[str, Value] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else None
            if name is None or name in fields:
                wrong = "a name that is no text" if name is None else f"the name {name!r} twice"
                raise NotReadableError(f"has front matter with {wrong} (line {key.start_mark.line + 2})")
            fields[name] = self.read(value, level + 1)
        return fields


def _scalar(node: ScalarNode) -> str | bool | None:
    if node.tag == "tag:yaml.org,2002:null":
        return None
    if node.tag == "tag:yaml.org,2002:bool":
        return str(node.value).lower() == "true"
    return str(node.value)
