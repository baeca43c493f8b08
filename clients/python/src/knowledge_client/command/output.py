"""The one door to what is printed: colours on a terminal, plain lines elsewhere, one JSON document with `--json`.

Results go to stdout, all else to stderr, so that `kb ... --json | jq` reads a document and nothing more. What comes
from documents and from the API is shown without the characters that a terminal obeys.
"""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from knowledge_client.command.exits import Exit, Failure

Line = Text | str
Advance = Callable[[int], None]
# What turns the order of letters around could show a path as another one.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(text: object) -> str:
    """Return a text as it can be printed: what a terminal obeys stands as an escape."""
    return "".join(
        character.encode("unicode_escape").decode()
        if character in _TURNING or unicodedata.category(character) in {"Cc", "Cs"}
        else character
        for character in str(text)
    )


def styled(*parts: tuple[object, str] | str) -> Text:
    """Put a line together of texts, and of pairs of a text and its style (`bold red`)."""
    line = Text()
    for part in parts:
        text, style = (part, "") if isinstance(part, str) else part
        line.append(shown(text), style)
    return line


def columns(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[Line]:
    """Lay rows out below their heads, each column as wide as its widest text."""
    texts = [[shown(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, (name, *(row[at] for row in texts)))) for at, name in enumerate(head)]
    lines: list[Line] = []
    for number, row in enumerate((list(head), *texts)):
        cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        lines.append(styled(("  ".join(cells).rstrip(), "" if number else "bold")))
    return lines


class Output:
    """Prints what a command found. `as_json` and `quiet` are the options of that name."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self._as_json = as_json
        self._quiet = quiet
        for stream in (sys.stdout, sys.stderr):
            # A console of another charset shows what it can, and never ends a command in the middle.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")

    def tell(self, document: Mapping[str, Any], lines: Iterable[Line] = ()) -> None:
        """Print a result: the document with `--json`, else its lines; with `--quiet` neither lines nor notes."""
        if self._as_json:
            _write(sys.stdout, [_json_text(document, sys.stdout)])
        elif not self._quiet:
            _write(sys.stdout, lines)

    def show(self, lines: Iterable[Line]) -> None:
        """Print what is looked at before a question; it is no result, so it goes to stderr."""
        if not self._quiet and not self._as_json:
            _write(sys.stderr, lines)

    def note(self, *parts: tuple[object, str] | str) -> None:
        """Say something beside the result."""
        if not self._quiet and not self._as_json:
            _write(sys.stderr, [styled(*parts)])

    def fail(self, failure: Failure) -> None:
        """Print what went wrong, and what to do next; `--quiet` does not keep that back."""
        if self._as_json:
            _write(sys.stdout, [json.dumps(failure.as_json(), indent=2)])
            return
        request = f", request {failure.request_id}" if failure.request_id else ""
        label = "interrupted" if failure.exit_code is Exit.INTERRUPTED else "error"
        code = "" if f"({failure.code})" in failure.message else f" ({failure.code})"
        lines = [styled((f"{label}: ", "bold red"), f"{failure.message}{code}{request}")]
        _write(sys.stderr, [*lines, styled(f"Next: {failure.next_step}")] if failure.next_step else lines)

    @contextmanager
    def progress(self, doing: str, total: int | None = None) -> Iterator[Advance]:
        """Show how far something is: a bar on a terminal, elsewhere a line when it began. Yields what tells how far."""
        if self._as_json or self._quiet or not _is_terminal(sys.stderr):
            self.note(f"{doing} ...")
            yield lambda _: None
            return
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}"),
            TimeRemainingColumn(),
            console=_console(sys.stderr),
            transient=True,
        )
        with bar:
            task = bar.add_task(shown(doing), total=total)
            yield lambda done: bar.update(task, completed=done)


def _json_text(document: Mapping[str, Any], stream: TextIO) -> str:
    """JSON as a stream takes it: what a terminal obeys stands in it as JSON's own escape, which means the same."""
    unicode = (stream.encoding or "").lower().replace("-", "") == "utf8"
    written = json.dumps(document, ensure_ascii=not unicode, indent=2)
    return "".join(f"\\u{ord(c):04x}" if c in _TURNING or "\x7f" <= c < "\xa0" else c for c in written)


def _write(stream: TextIO, lines: Iterable[Line]) -> None:
    console = _console(stream) if _is_terminal(stream) else None
    for line in lines:
        if console is not None:
            console.print(line, soft_wrap=True, markup=False, highlight=False, emoji=False)
        else:
            stream.write(f"{line}\n")
    stream.flush()


def _console(stream: TextIO) -> Console:
    # NO_COLOR and TERM=dumb are looked at by rich.
    return Console(file=stream, soft_wrap=True)


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty()
