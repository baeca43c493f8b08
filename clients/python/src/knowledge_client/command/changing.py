"""Changes between two generations, or of a run, as lines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from knowledge_client import models
from knowledge_client.command.output import Line, styled

SHOWN = 50
ADDED, CHANGED, REMOVED = "green", "yellow", "red"
# How each kind of change is marked, and in what style.
MARKS = {
    "added": ("+", ADDED),
    "updated": ("~", CHANGED),
    "restored": ("+", ADDED),
    "removed": ("-", REMOVED),
    "tombstoned": ("-", REMOVED),
}


def change_lines(changes: Sequence[Mapping[str, Any]], most: int = SHOWN) -> Iterator[Line]:
    """Yield a line for each change, in the order of ids, and how many more there are than `most`."""
    for change in sorted(changes, key=itemgetter("externalItemId"))[:most]:
        mark, style = MARKS[change["change"]]
        more = ", ".join(change["fields"]) if mark == "~" else change["title"]
        yield styled((f"{mark} {change['externalItemId']}", style), f"  {more}")
    if len(changes) > most:
        yield styled(f"  and {len(changes) - most} more; --json has all")


def described(change: Mapping[str, Any]) -> str:
    """Say what became of an item in a word or two, with the fields that changed."""
    what = {"removed": "removed, in its days of grace", "tombstoned": "removed"}.get(change["change"], change["change"])
    return f"{what}: {', '.join(change['fields'])}" if change["change"] == "updated" else str(what)


def published_counts(counts: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return what was published in words, `removed` for what is served no more, and how many items of each."""
    words = {"removed": "removed, in their days of grace", "tombstoned": "removed"}
    return [(words.get(kind, kind), counts[kind]) for kind in MARKS if counts.get(kind)]


def counted(changes: Iterable[Mapping[str, Any]]) -> str:
    """Say how many changes there are of each kind: `1 to add, 2 to change`."""
    counts = {"+": 0, "~": 0, "-": 0}
    for change in changes:
        counts[MARKS[change["change"]][0]] += 1
    words = {"+": "to add", "~": "to change", "-": "to remove"}
    return ", ".join(f"{count} {words[mark]}" for mark, count in counts.items() if count) or "0 changes"


def count_columns(counts: models.Counts) -> str:
    """Say in a few letters what a generation changed: `+3 ~1 -2`."""
    added, removed = counts["added"] + counts["restored"], counts["removed"] + counts["tombstoned"]
    found = [("+", added), ("~", counts["updated"]), ("-", removed)]
    return " ".join(f"{mark}{count}" for mark, count in found if count) or "0"
