"""What differs between two texts, in a few lines. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from knowledge_client.command.output import Line, styled

# Of one text, and of its lines.
SHOWN_LINES = 24
SHOWN_CHARACTERS = 160
# A comparison of lines takes time that grows with their square.
COMPARED_LINES = 5_000
_FIELDS = ("title", "url", "language", "tags", "contentType")


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Line]:
    """Return a line for each field beside the content that two sides of an item have otherwise."""
    return [
        styled(f"    {field:<9} {before.get(field) or 'none'}  ->  {after.get(field) or 'none'}")
        for field in _FIELDS
        if (before.get(field) or None) != (after.get(field) or None)
    ]


def text_changes(before: str, after: str) -> Iterator[Line]:
    """Yield the lines in which two texts differ, each with the number of the line where it begins."""
    old, new = before.splitlines(), after.splitlines()
    if len(old) + len(new) > COMPARED_LINES:
        yield styled(f"    {len(old)} lines become {len(new)}")
        return
    shown = 0
    for line in difflib.unified_diff(old, new, lineterm="", n=0):
        if line.startswith(("---", "+++")) and shown == 0:
            continue
        if shown == SHOWN_LINES:
            yield styled("    ...")
            return
        shown += 1
        if line.startswith("@@"):
            yield styled((f"    @@ line {_begin(line)}", "cyan"))
        else:
            yield styled((f"    {line[0]} {_cut(line[1:])}", "red" if line[0] == "-" else "green"))


def _begin(line: str) -> str:
    # `@@ -12,3 +14 @@`
    return line.split()[2].lstrip("+").partition(",")[0]


def _cut(line: str) -> str:
    return line if len(line) <= SHOWN_CHARACTERS else line[:SHOWN_CHARACTERS] + "..."
