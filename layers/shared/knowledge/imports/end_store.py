"""The transactions that end an import: its row, its turn, its ticket, its place and its event at once.

its execution   completed or failed, if nobody moved it since
a client        cancelled, wherever its execution is: what that does next is conditional on the state, and refused.
                Its run ends with it, so nothing of it is published later
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from knowledge.events import Event, event_row
from knowledge.imports.model import Import
from knowledge.imports.rows import PLACES, place_of, ticket_sk
from knowledge.imports.transitions import ImportTransitions
from knowledge.sources.conditions import NONE_OPEN, OWN_TURN, THIS_ONE_OPEN
from knowledge.sources.model import Source
from knowledge.sources.places import Places
from knowledge.storage.catalog import Action, Catalog

_OTHERS_OPEN = "openSnapshotId <> :id"


@dataclass(frozen=True, slots=True)
class ImportEndStore:
    """Ends the imports of all sources. `source` is that of the import as it was read, None when it is gone."""

    catalog: Catalog

    def end_import(self, job: Import, after: Import, source: Source | None, event: Event) -> None:
        """End an import as `after` has it. Raises ImportMovedError when it was moved since it was read."""
        expression, values = _end_of(after)
        self._end(job, self._transitions.own_step(job, expression, values), source, event)

    def cancel_import(
        self, job: Import, after: Import, source: Source | None, event: Event, beside: Sequence[Action]
    ) -> None:
        """End an import that somebody else may be working on, with its run and the audit `beside` it.

        Raises ImportMovedError when its state, its turn or its run is not as it was read.
        """
        expression, values = _end_of(after)
        self._end(job, self._transitions.others_step(job, expression, values), source, event, beside)

    def _end(
        self, job: Import, own: Action, source: Source | None, event: Event, beside: Sequence[Action] = ()
    ) -> None:
        actions = [own, self.catalog.putting(event_row(event)), *beside]
        if job.queued_at is not None:
            actions.append(self.catalog.deleting(job.source_id, ticket_sk(job)))
        if job.counted:
            actions.append(Places(self.catalog, PLACES).giving_back(job.tenant_id, [place_of(job)]))
        if source is not None and source.import_id == job.import_id:
            actions.append(self._turn_given_back(job, source))
        self._transitions.transact(*actions)

    def _turn_given_back(self, job: Import, source: Source) -> Action:
        if source.open_snapshot_id != job.import_id:
            condition = f"{OWN_TURN} AND ({NONE_OPEN} OR {_OTHERS_OPEN})"
            return self._transitions.source_step(job, "REMOVE importId", condition, {})
        return self._transitions.source_step(
            job,
            "SET epoch = epoch + :one REMOVE importId, openSnapshotId, openSnapshotExpiresAt",
            f"{OWN_TURN} AND {THIS_ONE_OPEN}",
            {":one": 1},
        )

    @property
    def _transitions(self) -> ImportTransitions:
        return ImportTransitions(self.catalog)


def _end_of(after: Import) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {":next": after.state, ":now": after.ended_at}
    sets = ["#state = :next", "endedAt = :now", "updatedAt = :now"]
    for name, value in (
        ("generationId", after.generation_id),
        ("lastError", None if after.last_error is None else asdict(after.last_error)),
    ):
        if value is not None:
            sets.append(f"{name} = :{name}")
            values[f":{name}"] = value
    return f"SET {', '.join(sets)}", values
