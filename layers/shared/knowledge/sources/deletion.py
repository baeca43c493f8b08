"""Sources that are to be deleted: marked for good, and found by the upkeep, which deletes the row last.

    archived --begin--> deleting --emptied--> deleting, emptiedAt --15 minutes, and nothing found--> no row

A row that is `deleting` never takes another status, and `SourceStore.get_source` doesn't see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.audit import AuditEntry
from knowledge.environments import Environment
from knowledge.errors import (
    ErasureInProgressError,
    ServiceUnavailableError,
    SnapshotOpenError,
    SourceActiveError,
    SourceNotFoundError,
)
from knowledge.events import Event, event_row
from knowledge.sources.conditions import NO_ERASURE_OPEN, NONE_OPEN
from knowledge.sources.labels import freeing
from knowledge.sources.model import Source, SourceStatus
from knowledge.sources.rows import source_sk
from knowledge.sources.store import TALLY, SourceStore
from knowledge.storage.catalog import Action, Catalog, RefusedWriteError
from knowledge.storage.transactions import RefusedTransactionError

# The partition of the index of what waits in which sources stand that are being deleted, by when they are due.
WAITING = "deletions"
_ARCHIVED = "#status = :archived"
_NONE_STAGES = f"({NONE_OPEN} OR openSnapshotExpiresAt <= :now)"
_DELETING = "#status = :deleting"
_SAME = "emptiedAt = :emptied"
_MARK = "SET #status = :deleting, deletingSince = :now, updatedAt = :now, waiting = :waiting, remindAt = :now"


class Deletion(NamedTuple):
    """How far the deletion of a source is: since when (ms), when it was last found empty, and how often it was tried.

    `due_at` is when somebody is to go on with it.
    """

    tenant_id: str
    source_id: str
    environment: Environment
    since: int
    due_at: int
    emptied_at: int | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class DeletionStore:
    """Deletions of all sources."""

    catalog: Catalog

    def begin_deletion(self, source: Source, now: int, recorded: AuditEntry | None = None) -> None:
        """Mark an archived source for good, and free its label; one that is marked stays as it is.

        Raises SourceActiveError, ErasureInProgressError, SnapshotOpenError, SourceNotFoundError.
        """
        condition = f"{_ARCHIVED} AND {NO_ERASURE_OPEN} AND {_NONE_STAGES}"
        values = {
            ":archived": SourceStatus.ARCHIVED,
            ":deleting": SourceStatus.DELETING,
            ":waiting": WAITING,
            ":now": now,
        }
        mark = self.catalog.updating(source.tenant_id, source_sk(source.source_id), _MARK, condition, values)
        try:
            self.catalog.transact([mark, *freeing(self.catalog, source), *self.catalog.recording(recorded)])
        except RefusedTransactionError as error:
            self._tell_why(SourceStore(self.catalog).find_source(source.tenant_id, source.source_id), now, error)

    def _tell_why(self, source: Source, now: int, error: Exception) -> None:
        if source.deleting:
            return
        if source.active:
            raise SourceActiveError from error
        if source.erasure_id is not None:
            raise ErasureInProgressError from error
        if source.awaits_more(now):
            raise SnapshotOpenError from error
        # It was in the way when this was tried, and is not any more.
        raise ServiceUnavailableError from error

    def list_due(self, now: int, most: int) -> Sequence[tuple[str, str]]:
        """The tenant and the id of sources whose deletion is due, the longest due first; it may lag behind."""
        return self.catalog.list_due(WAITING, now, most)

    def find_deletion(self, tenant_id: str, source_id: str) -> Deletion | None:
        """Read how far a deletion is; None when it is done, or was never begun."""
        row = self.catalog.find(tenant_id, source_sk(source_id))
        if row is None or row.get("status") != SourceStatus.DELETING:
            return None
        return Deletion(
            tenant_id,
            source_id,
            Environment(row["environment"]),
            row["deletingSince"],
            row["remindAt"],
            row.get("emptiedAt"),
            row.get("deletionTries", 0),
        )

    def note(self, deletion: Deletion) -> None:
        """Store how far a deletion is. Raises SourceNotFoundError when somebody else has ended it."""
        sets = "SET remindAt = :due, deletionTries = :tries"
        if deletion.emptied_at is not None:
            sets += ", emptiedAt = :emptied"
        values = {
            ":due": deletion.due_at,
            ":tries": deletion.tries,
            ":emptied": deletion.emptied_at,
            ":deleting": SourceStatus.DELETING,
        }
        try:
            self.catalog.update(deletion.tenant_id, source_sk(deletion.source_id), sets, _DELETING, values)
        except RefusedWriteError as error:
            raise SourceNotFoundError from error

    def close_deletion(self, deletion: Deletion, event: Event) -> None:
        """Delete the row, count one source less, and tell of it. Raises SourceNotFoundError when somebody else did."""
        sk = source_sk(deletion.source_id)
        values = {":deleting": SourceStatus.DELETING, ":emptied": deletion.emptied_at}
        actions: list[Action] = [
            self.catalog.deleting(deletion.tenant_id, sk, f"{_DELETING} AND {_SAME}", values),
            self.catalog.updating(deletion.tenant_id, TALLY, "ADD #count :less", "", {":less": -1}),
            self.catalog.putting_new(event_row(event)),
        ]
        try:
            self.catalog.transact(actions)
        except RefusedTransactionError as error:
            raise SourceNotFoundError from error
