"""How far the upkeep has come: where in the round of all sources, and what a source's last look had found."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.storage.catalog import Catalog

_UPKEEP = "upkeep"
_ROUND = "round"
_COLLECTION = "collection"


@dataclass(frozen=True, slots=True)
class Round:
    """A walk over all sources: when it began (ms), and the last (tenant, source) that it is done with."""

    started_at: int
    behind: tuple[str, str] | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class UpkeepStore:
    """Rows of the upkeep."""

    catalog: Catalog

    def seen(self, source_id: str) -> str | None:
        """Read the fingerprint of what the last look at a source left."""
        row = self.catalog.find(source_id, _COLLECTION)
        return None if row is None else row["seen"]

    def note(self, source_id: str, seen: str) -> None:
        """Note what a look at a source left."""
        self.catalog.put({"pk": source_id, "sk": _COLLECTION, "seen": seen})

    def round(self) -> Round | None:
        """Read how far the present or last round has come."""
        row = self.catalog.find(_UPKEEP, _ROUND)
        if row is None:
            return None
        behind = row.get("behind")
        return Round(row["startedAt"], behind and (behind[0], behind[1]), row["ended"])

    def set_round(self, state: Round) -> None:
        """Note how far the round has come."""
        behind = state.behind and list(state.behind)
        self.catalog.put(
            {"pk": _UPKEEP, "sk": _ROUND, "startedAt": state.started_at, "behind": behind, "ended": state.ended}
        )
