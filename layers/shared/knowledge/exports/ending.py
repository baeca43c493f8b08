"""Ending exports: each ends once, together with its place and its event, and one that failed leaves no file behind.

What would break it, and what stands against it:

- A crash between the end and the clearing up: whoever finds the export ended clears up again, as every later step of
  its execution does. Beyond that the bucket's rules do: unfinished uploads for a day, files for two.
- A part is sent when the export has failed already: only by an invocation that did not know; its next write is
  refused, and it clears up as well.
- The file is put together, and an erasure is opened before that is noted: the note is refused, the export fails, and
  its file is deleted. A crash there, too, leaves it to the erasure, which deletes what came before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from knowledge.errors import ExportNotFoundError, KnowledgeError
from knowledge.events import EXPORT_COMPLETED, EXPORT_FAILED, Event
from knowledge.exports.model import Export, ExportState
from knowledge.exports.store import ExportMovedError
from knowledge.exports.stores import ExportStores
from knowledge.model import Failure
from knowledge.ports import Clock, NewId
from knowledge.storage.uploads import Upload


@dataclass(frozen=True, slots=True)
class ExportEnder:
    """Ends exports."""

    stores: ExportStores
    clock: Clock
    new_id: NewId

    def complete(self, export: Export) -> Export:
        """End an export whose file is there. Raises ExportMovedError."""
        now = self.clock()
        after = replace(export, state=ExportState.COMPLETED, ended_at=now)
        return self.stores.exports.complete_export(export, self._event(EXPORT_COMPLETED, after, now), now)

    def fail(self, export: Export, error: KnowledgeError) -> None:
        """End an export that can't go on; one that has ended meanwhile stays as it is."""
        now = self.clock()
        after = replace(export, state=ExportState.FAILED, last_error=Failure.of(error, now), ended_at=now)
        try:
            self.stores.exports.fail_export(after, self._event(EXPORT_FAILED, after, now), now)
        except ExportMovedError:
            try:
                after = self.stores.exports.get_export(export.source_id, export.export_id)
            except ExportNotFoundError:
                return  # Its source was deleted, and takes all of it along.
        self.clear_up(after)

    def clear_up(self, export: Export) -> None:
        """Take away what an export that failed may leave behind; a repeat does no harm."""
        if export.state is not ExportState.FAILED or export.upload_id is None:
            return
        self.stores.uploads.abort_upload(Upload(export.key, export.upload_id))
        # It may have been put together before it failed, and after that not be noted.
        self.stores.objects.delete_objects([export.key])

    def _event(self, event_type: str, after: Export, now: int) -> Event:
        data = {
            "exportId": after.export_id,
            "generationId": after.generation_id,
            "state": str(after.state),
            "items": after.items,
            "bytes": after.bytes,
        }
        return Event(self.new_id("evt"), event_type, after.tenant_id, after.source_id, now, data)
