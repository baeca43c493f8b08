"""Lines of an import as what they ask for: an item to push, or the problems that make the line a bad one. Pure.

The rules of an item are those of a push (`knowledge.items.validation`).
"""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from knowledge.imports.lines import Line
from knowledge.items.content import encode_item
from knowledge.items.json_text import JsonTextError, parse_json
from knowledge.items.problems import InvalidItemsError, Problem, field_path
from knowledge.items.validation import read_item
from knowledge.limits import LINE_BYTES, PROBLEMS_A_LINE
from knowledge.staging.rules import Push, StagingCommand
from knowledge.storage.format import canonical_json

_SHOWN_BYTES = 512
_WINDOW_LINES = 490
_WINDOW_BYTES = 4 * 1_048_576
# So many bytes of blank lines are passed over at a time.
_BLANK_BYTES = 16 * 1_048_576
# The report's part of a window is one row of at most 400 KB, compressed; a problem may quote an id of 512 bytes.
_WINDOW_PROBLEMS = 200


class ImportLine(NamedTuple):
    """A line (or a removal, which is of no line): what is asked, where the next line begins, what is wrong."""

    number: int
    end: int
    command: StagingCommand | None = None
    problems: tuple[Problem, ...] = ()


class Window(NamedTuple):
    """Lines that are decided on together; it reaches to line `number`, which may be a blank one and ends at `end`."""

    number: int
    end: int
    entries: Sequence[ImportLine]


def read_import_line(line: Line) -> ImportLine:
    """Read what a line asks for that is not blank."""
    if line.text is None:
        return _bad(line, [Problem("", f"is longer than {LINE_BYTES} bytes, so it was not read")])
    try:
        value = parse_json(line.text, one_line=True)
    except JsonTextError as error:
        place = error.place
        path, named = ("", None) if place is None else (field_path(place.steps), place.external_item_id)
        return _bad(line, [Problem(path, str(error))], named)
    if not isinstance(value, dict):
        return _bad(line, [Problem("", "must be a JSON object, one item a line")])
    try:
        draft = read_item(value)
    except InvalidItemsError as error:
        return _bad(line, error.problems, _id_of(value))
    return ImportLine(line.number, line.end, Push(encode_item(draft), draft.source_version))


def without(entries: Sequence[ImportLine], external_item_ids: Collection[str]) -> list[ImportLine]:
    """The entries, those of some items as if their lines were blank."""
    return [
        entry._replace(command=None)
        if entry.command is not None and entry.command.external_item_id in external_item_ids
        else entry
        for entry in entries
    ]


def named_id(line: Line) -> str | None:
    """The id of a line that was read as good before; None for a blank one."""
    if not line.text:
        return None
    return _id_of(parse_json(line.text, one_line=True))


def windows(lines: Iterable[Line], offset: int = 0) -> Iterator[Window]:
    """Group the lines from `offset` into windows: bounded in what they hold, without blank lines, ending at any."""
    entries: list[ImportLine] = []
    size = problems = number = 0
    told = end = offset
    for line in lines:
        entry = read_import_line(line) if line.text != b"" else None
        if entry is not None:
            taken, faults = len(line.text or b""), len(entry.problems)
            if entries and (
                len(entries) == _WINDOW_LINES or size + taken > _WINDOW_BYTES or problems + faults > _WINDOW_PROBLEMS
            ):
                yield Window(number, end, entries)
                entries, size, problems, told = [], 0, 0, end
            entries.append(entry)
            size += taken
            problems += faults
        number, end = line.number, line.end
        if entry is None and end - told > _BLANK_BYTES:
            yield Window(number, end, entries)
            entries, size, problems, told = [], 0, 0, end
    if end > told:
        yield Window(number, end, entries)


def report_lines(entries: Sequence[ImportLine], most: int) -> tuple[bytes, int, int]:
    """The report's lines on some entries, gzipped, how many there are, and how many problems are over `most`."""
    problems = [(entry.number, problem) for entry in entries for problem in entry.problems]
    shown = problems[: max(0, most)]
    text = b"".join(
        canonical_json(
            {
                "line": number,
                "externalItemId": problem.external_item_id,
                "path": problem.path,
                "message": problem.message,
            }
        )
        + b"\n"
        for number, problem in shown
    )
    return gzip.compress(text, 6, mtime=0), len(shown), len(problems) - len(shown)


def _bad(line: Line, problems: Sequence[Problem], external_item_id: str | None = None) -> ImportLine:
    named = (
        Problem(
            _shown(problem.path),
            _shown(problem.message),
            external_item_id=external_item_id and _shown(external_item_id),
        )
        for problem in problems[:PROBLEMS_A_LINE]
    )
    return ImportLine(line.number, line.end, problems=tuple(named))


def _id_of(value: object) -> str | None:
    name = value.get("externalItemId") if isinstance(value, dict) else None
    return name if isinstance(name, str) else None


def _shown(text: str) -> str:
    """A text as a report can hold it: a name that a client made up may be of any length, and no Unicode at all."""
    return text[:_SHOWN_BYTES].encode("utf-8", "replace")[:_SHOWN_BYTES].decode("utf-8", "ignore")
