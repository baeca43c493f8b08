"""Lines of an import as what they ask for: an item to push, or the faults that make the line a bad one. Pure.

The rules of an item are those of a push (`knowledge.items.validation`).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from knowledge.imports.lines import LINE_BYTES, Line
from knowledge.items.content import encode_item
from knowledge.items.json_text import JsonTextError, parse_json
from knowledge.items.problems import Fault, InvalidItemsError
from knowledge.items.validation import read_item
from knowledge.staging.rules import Push, Wish
from knowledge.storage.format import canonical_json

REPORTED_FAULTS = 100_000
# One line may hold a fault in each field of a large object; a few show what is wrong with it.
_FAULTS_A_LINE = 10
_SHOWN_BYTES = 512
_WINDOW_LINES = 490
_WINDOW_BYTES = 4 * 1_048_576
# The report's part of a window is one row of at most 400 KB, compressed; a fault may quote an id of 512 bytes.
_WINDOW_FAULTS = 200


class Entry(NamedTuple):
    """A line (or a removal, which is of no line): what is wished, where the next line begins, what is wrong.

    Neither a wish nor a fault: a blank line.
    """

    number: int
    end: int
    wish: Wish | None = None
    faults: tuple[Fault, ...] = ()


def read_entry(line: Line) -> Entry:
    """Read what a line asks for."""
    if line.text is None:
        return _bad(line, [Fault("", f"is longer than {LINE_BYTES} bytes, so it was not read")])
    if not line.text.strip():
        return Entry(line.number, line.end)
    try:
        value = parse_json(line.text, one_line=True)
    except JsonTextError as error:
        return _bad(line, [Fault("", str(error))])
    if not isinstance(value, dict):
        return _bad(line, [Fault("", "must be a JSON object, one item a line")])
    try:
        draft = read_item(value)
    except InvalidItemsError as error:
        return _bad(line, error.faults, _id_of(value))
    return Entry(line.number, line.end, Push(encode_item(draft), draft.source_version))


def named_id(line: Line) -> str | None:
    """The id of a line that was read as good before; None for a blank one."""
    if line.text is None or not line.text.strip():
        return None
    return _id_of(parse_json(line.text, one_line=True))


def windows(lines: Iterable[Line]) -> Iterator[list[Entry]]:
    """Group lines into what is decided on together: bounded, and naming no item twice, so that the last one counts."""
    window: list[Entry] = []
    names: set[str] = set()
    size = faults = 0
    for line in lines:
        entry = read_entry(line)
        name = None if entry.wish is None else entry.wish.external_item_id
        taken = len(line.text or b"")
        if window and (
            name in names
            or len(window) == _WINDOW_LINES
            or size + taken > _WINDOW_BYTES
            or faults + len(entry.faults) > _WINDOW_FAULTS
        ):
            yield window
            window, names, size, faults = [], set(), 0, 0
        window.append(entry)
        size += taken
        faults += len(entry.faults)
        if name is not None:
            names.add(name)
    if window:
        yield window


def report_lines(entries: Sequence[Entry], most: int) -> tuple[bytes, int, int]:
    """The report's lines on some entries, gzipped, how many there are, and how many faults are over `most`."""
    faults = [(entry.number, fault) for entry in entries for fault in entry.faults]
    shown = faults[: max(0, most)]
    text = b"".join(
        canonical_json(
            {
                "line": number,
                "externalItemId": fault.external_item_id,
                "path": fault.path,
                "message": fault.message,
            }
        )
        + b"\n"
        for number, fault in shown
    )
    return gzip.compress(text, 6, mtime=0), len(shown), len(faults) - len(shown)


def _bad(line: Line, faults: Sequence[Fault], external_item_id: str | None = None) -> Entry:
    named = (
        Fault(_shown(fault.path), _shown(fault.message), external_item_id=external_item_id and _shown(external_item_id))
        for fault in faults[:_FAULTS_A_LINE]
    )
    return Entry(line.number, line.end, faults=tuple(named))


def _id_of(value: object) -> str | None:
    name = value.get("externalItemId") if isinstance(value, dict) else None
    return name if isinstance(name, str) else None


def _shown(text: str) -> str:
    """A text as a report can hold it: a name that a client made up may be of any length, and no Unicode at all."""
    return text[:_SHOWN_BYTES].encode("utf-8", "replace")[:_SHOWN_BYTES].decode("utf-8", "ignore")
