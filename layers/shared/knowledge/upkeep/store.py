"""How far the upkeep has come: where in the round of all sources, and what a source's last look had found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.storage.catalog import Catalog

# A tenant and its source.
Place = tuple[str, str]

_UPKEEP = "upkeep"
_ROUND = "round"
_COLLECTION = "collection"


@dataclass(frozen=True, slots=True)
class Round:
    """A walk over all sources: when it began (ms), and the last (tenant, source) that it is done with.

    `looking` is the one that a call began to look at, for the `tries`th time; a call that died has left it so. `format`
    is that of the segments which the code builds that began it.
    """

    started_at: int
    behind: Place | None = None
    ended: bool = False
    looking: Place | None = None
    tries: int = 0
    format: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What the last look at a source left.

    `seen` is the fingerprint of what there was, None when not all was looked at; the next look at staged contents then
    begins behind the key `contents_behind`.
    """

    seen: str | None = None
    contents_behind: str = ""


@dataclass(frozen=True, slots=True)
class UpkeepStore:
    """Rows of the upkeep."""

    catalog: Catalog

    def last_look(self, source_id: str) -> Look:
        """Read what the last look at a source left."""
        row = self.catalog.find(source_id, _COLLECTION)
        return Look() if row is None else Look(row.get("seen"), row.get("contentsBehind", ""))

    def note_look(self, source_id: str, look: Look) -> None:
        """Note what a look at a source left."""
        self.catalog.put(
            {"pk": source_id, "sk": _COLLECTION, "seen": look.seen, "contentsBehind": look.contents_behind}
        )

    def round(self) -> Round | None:
        """Read how far the present or last round has come."""
        row = self.catalog.find(_UPKEEP, _ROUND)
        if row is None:
            return None
        return Round(
            row["startedAt"],
            _place(row.get("behind")),
            row["ended"],
            _place(row.get("looking")),
            row.get("tries", 0),
            row.get("format", ""),
        )

    def set_round(self, state: Round) -> None:
        """Note how far the round has come."""
        self.catalog.put(
            {
                "pk": _UPKEEP,
                "sk": _ROUND,
                "startedAt": state.started_at,
                "behind": state.behind and list(state.behind),
                "ended": state.ended,
                "looking": state.looking and list(state.looking),
                "tries": state.tries,
                "format": state.format,
            }
        )


def _place(value: Sequence[str] | None) -> Place | None:
    return None if value is None else (value[0], value[1])
