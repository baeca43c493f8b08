"""The rows of exports, and the transactions that begin and end them.

    created                       each part                     ended
    |-- writing, parts: 0 --------|-- parts + 1, position ------|-- completed, failed
    |-- a place of the tenant ----------------------------------|

What begins and what completes one demands of the source that no erasure was opened since, so no file of an export that
is shown holds what was erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from knowledge.audit import AuditEntry
from knowledge.errors import (
    ErasureInProgressError,
    ExportLimitError,
    ExportNotFoundError,
    GenerationRetiredError,
    ServiceUnavailableError,
)
from knowledge.events import Event, event_row
from knowledge.exports.model import Export, ExportState
from knowledge.exports.rows import PLACES, export_from, export_row, export_sk, list_of, place_of, written_values
from knowledge.generations.rows import generation_sk
from knowledge.limits import EXPORT_SILENT_MS, EXPORTS_UNDER_WAY
from knowledge.pages import Page
from knowledge.sources.conditions import NOT_DELETING, same_erasures
from knowledge.sources.model import SourceStatus
from knowledge.sources.places import Place, Places
from knowledge.sources.rows import source_sk
from knowledge.sources.store import SourceStore
from knowledge.storage.catalog import Action, Catalog, RefusedWriteError
from knowledge.storage.transactions import RefusedTransactionError

_WRITING = "#state = :writing"
_UNBEGUN = f"{_WRITING} AND attribute_not_exists(uploadId)"
_UNMOVED = f"{_WRITING} AND parts = :before AND aliveUntil > :now"
_KEPT = "attribute_exists(pk) AND attribute_not_exists(retiredAt)"


class ExportMovedError(Exception):
    """Raised when an export is not where a step started from: it has ended, or another invocation was there first."""


@dataclass(frozen=True, slots=True)
class ExportStore:
    """Exports of all sources."""

    catalog: Catalog

    def create_export(self, export: Export, recorded: AuditEntry | None = None) -> Export:
        """Store a new export, with its place; one that has its id already is returned.

        Raises ExportLimitError when as many exports of the tenant are under way as may be, ErasureInProgressError while
        one is open, GenerationRetiredError, SourceNotFoundError.
        """
        actions = [
            self.catalog.putting_new(export_row(export)),
            self._places.taking(export.tenant_id, place_of(export), EXPORTS_UNDER_WAY),
            self._source_unchanged(export),
            self.catalog.checking(export.source_id, generation_sk(export.generation_id), _KEPT, {}),
        ]
        try:
            self.catalog.transact([*actions, *self.catalog.recording(recorded)])
        except RefusedTransactionError as error:
            return self._made_or_refused(export, error)
        return export

    def _made_or_refused(self, export: Export, refused: RefusedTransactionError) -> Export:
        if 0 in refused.failed:
            return self.get_export(export.source_id, export.export_id)
        if 2 in refused.failed:
            source = SourceStore(self.catalog).get_source(export.tenant_id, export.source_id)
            raise (ServiceUnavailableError if source.erasure_id is None else ErasureInProgressError) from refused
        raise (GenerationRetiredError if 3 in refused.failed else ExportLimitError) from refused

    def get_export(self, source_id: str, export_id: str) -> Export:
        """Read an export, consistently. Raises ExportNotFoundError when the source has none of that id."""
        row = self.catalog.find(source_id, export_sk(export_id))
        if row is None:
            raise ExportNotFoundError
        return export_from(row)

    def list_exports(self, source_id: str, generation_id: str, *, limit: int, position: Any) -> Page[Export]:
        """List the exports of a generation, newest first."""
        return self.catalog.list(source_id, list_of(generation_id), export_from, limit=limit, position=position)

    def list_places(self, tenant_id: str) -> list[Place]:
        """The places of the exports of a tenant that are under way, the oldest first."""
        return self._places.list_places(tenant_id)

    def give_back_places(self, tenant_id: str, places: Sequence[Place]) -> None:
        """Give back the places of exports that are gone."""
        self.catalog.transact([self._places.giving_back(tenant_id, places)])

    def note_begun(self, export: Export, upload_id: str, now: int) -> Export:
        """Store which upload the parts go to. Raises ExportMovedError when there is one already."""
        sets = "SET uploadId = :upload, aliveUntil = :alive, updatedAt = :now"
        values = {":upload": upload_id, ":alive": now + EXPORT_SILENT_MS, ":now": now}
        return self._update(export, sets, _UNBEGUN, values)

    def note_part(self, before: Export, after: Export, now: int) -> Export:
        """Store that one more part is there. Raises ExportMovedError when it was noted, or nobody may write any more.

        `after` says how far the export is with the part.
        """
        values = written_values(after)
        if after.position is None:
            del values["position"]
        sets = ", ".join(f"#{name} = :{name}" for name in values)
        return self._update(
            before,
            f"SET {sets}, aliveUntil = :alive, updatedAt = :now",
            _UNMOVED,
            {f":{name}": value for name, value in values.items()}
            | {":alive": now + EXPORT_SILENT_MS, ":now": now, ":before": before.parts},
        )

    def complete_export(self, export: Export, event: Event, now: int) -> Export:
        """End an export whose file is there. Raises ExportMovedError when it has ended, or something was erased."""
        own = self._ending(export, "", {":next": ExportState.COMPLETED, ":now": now})
        self._end(own, export, event, self._source_unchanged(export))
        return replace(export, state=ExportState.COMPLETED, ended_at=now, updated_at=now)

    def fail_export(self, export: Export, event: Event, now: int) -> None:
        """End an export that can't go on, as its `last_error` says. Raises ExportMovedError when it has ended."""
        error = None if export.last_error is None else asdict(export.last_error)
        values = {":next": ExportState.FAILED, ":error": error, ":now": now}
        self._end(self._ending(export, ", lastError = :error", values), export, event)

    def _ending(self, export: Export, sets: str, values: dict[str, Any]) -> Action:
        expression = f"SET #state = :next, endedAt = :now, updatedAt = :now{sets}"
        values = {**values, ":writing": ExportState.WRITING}
        return self.catalog.updating(export.source_id, export_sk(export.export_id), expression, _WRITING, values)

    def _end(self, own: Action, export: Export, event: Event, *demanded: Action) -> None:
        place = self._places.giving_back(export.tenant_id, [place_of(export)])
        try:
            self.catalog.transact([own, place, self.catalog.putting(event_row(event)), *demanded])
        except RefusedTransactionError as error:
            raise ExportMovedError from error

    def _source_unchanged(self, export: Export) -> Action:
        """Demand of the source that it is there, and that no erasure was opened since the export was asked for."""
        condition = f"attribute_exists(pk) AND {NOT_DELETING} AND {same_erasures(export.erasures)}"
        values = {":deleting": SourceStatus.DELETING, ":erasures": export.erasures or None}
        return self.catalog.checking(export.tenant_id, source_sk(export.source_id), condition, values)

    def _update(self, export: Export, sets: str, condition: str, values: dict[str, Any]) -> Export:
        values = {**values, ":writing": ExportState.WRITING}
        try:
            return export_from(
                self.catalog.update(export.source_id, export_sk(export.export_id), sets, condition, values)
            )
        except RefusedWriteError as error:
            raise ExportMovedError from error

    @property
    def _places(self) -> Places:
        return Places(self.catalog, PLACES)
