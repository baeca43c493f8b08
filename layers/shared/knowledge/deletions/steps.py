"""Carrying deletions out: a source is emptied, and once more when nobody can be at work on it any longer.

What would break it, and what stands against it:

- A crash anywhere: the row stands until the last transaction, and what is left is found by looking again.
- A request, a run or an import that began before writes more: none lives for 15 minutes, so the look after that finds
  what they left. If it finds anything, the wait begins anew.
- Two calls at once: both only delete, and the row goes once, on condition.
- An event of the source is not relayed yet: its row stays, and the source's row until it is.
- One deletion fails for ever: it is tried again at ever longer intervals, and others are not kept.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from botocore.exceptions import ClientError

from knowledge.deletions.emptying import Emptier
from knowledge.deletions.stores import DeletionStores
from knowledge.errors import KnowledgeError, SourceNotFoundError
from knowledge.events import SOURCE_DELETED, Event
from knowledge.limits import ERASURE_WAIT_MS
from knowledge.ports import Clock, HasTime, NewId
from knowledge.sources.deletion import Deletion
from knowledge.times import MS_PER_MINUTE, timestamp
from knowledge.turns import CLAIM_MS, SLICE_MS, pause_after, take_turns

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deleter:
    """Carries deletions of sources out."""

    stores: DeletionStores
    emptier: Emptier
    clock: Clock
    new_id: NewId

    def go_on(self, has_time: HasTime) -> int:
        """Go on with every deletion that is due, each for a minute at a time; tells how many failed."""
        list_due = self.stores.deletions.list_due
        return take_turns(list_due, self._find_due, self._work, clock=self.clock, has_time=has_time)

    def _find_due(self, tenant_id: str, source_id: str) -> Deletion | None:
        deletion = self.stores.deletions.find_deletion(tenant_id, source_id)
        return None if deletion is None or deletion.due_at > self.clock() else deletion

    def _work(self, deletion: Deletion, has_time: HasTime) -> bool:
        until = self.clock() + SLICE_MS
        tries = deletion.tries + 1
        try:
            self.stores.deletions.note(deletion._replace(due_at=self.clock() + CLAIM_MS, tries=tries))
            self.advance(deletion, lambda: has_time() and self.clock() <= until)
        except SourceNotFoundError:
            # Somebody else has ended it.
            return True
        except (KnowledgeError, ClientError):
            ids = {"source_id": deletion.source_id, "tenant_id": deletion.tenant_id}
            _log.exception("deletion_failed", extra=ids)
            self._put_off(deletion, tries)
            return False
        return True

    def advance(self, deletion: Deletion, has_time: HasTime) -> None:
        """Do the next part of a deletion and note it. Raises SourceNotFoundError when somebody else ended it."""
        now, store = self.clock(), self.stores.deletions
        waited = deletion.emptied_at is not None and now >= deletion.emptied_at + ERASURE_WAIT_MS
        emptied = self.emptier.empty_source(deletion, has_time, last=waited)
        if not emptied.done:
            store.note(deletion._replace(due_at=self.clock(), tries=0))
        elif emptied.found or not waited:
            # An end of a wait that nothing was found after stands.
            began = self.clock() if emptied.found or deletion.emptied_at is None else deletion.emptied_at
            store.note(deletion._replace(emptied_at=began, due_at=began + ERASURE_WAIT_MS, tries=0))
        elif self.emptier.has_news(deletion.source_id):
            store.note(deletion._replace(due_at=self.clock() + MS_PER_MINUTE, tries=0))
        else:
            self._close(deletion)

    def _close(self, deletion: Deletion) -> None:
        event = Event(
            self.new_id("evt"),
            SOURCE_DELETED,
            deletion.tenant_id,
            deletion.source_id,
            self.clock(),
            {"requestedAt": timestamp(deletion.since)},
            deletion.environment,
        )
        self.stores.deletions.close_deletion(deletion, event)

    def _put_off(self, deletion: Deletion, tries: int) -> None:
        try:
            stored = self.stores.deletions.find_deletion(deletion.tenant_id, deletion.source_id)
            if stored is not None:
                self.stores.deletions.note(stored._replace(due_at=self.clock() + pause_after(tries)))
        except (KnowledgeError, ClientError):
            # It is due again when its claim ends.
            return
