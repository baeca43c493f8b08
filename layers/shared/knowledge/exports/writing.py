"""The steps of an export's execution: parts are read, sent and noted, until the file is put together.

The row is the truth and the execution only walks. What would break it, and what stands against it:

- A crash anywhere: what is noted is sent, and where a part begins follows from what is noted. So the next invocation
  sends at most one part again, which is the same, and takes the place of the one that is there.
- Two invocations at once (the machine tries again, and the first is alive): both send the same parts. Each note is on
  condition of the part before, so one of them finds that it was overtaken, reads the row, and goes on from there.
- The answer to the putting together is lost: the upload is gone then, and the file is there.
- An upload is begun and not noted: nobody's, with no part. The bucket drops it after a day, an erasure or the deletion
  of the source sooner.
- The source is deleted, its generation retired, its key revoked, or something of it erased, while it is written: that
  is looked at before anything is read, and again every few seconds; an invocation that does not look lives for less
  time than an erasure or a deletion waits before it looks for what was left. What completes the export demands the
  source as it was.
- Nobody works on it any more: it is shown as failed by its row alone. Whoever comes all the same writes nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from knowledge.errors import (
    ExportFailedError,
    ExportKeyEndedError,
    ExportNotFoundError,
    GenerationNotFoundError,
    KnowledgeError,
    SourceNotFoundError,
)
from knowledge.exports.ending import ExportEnder
from knowledge.exports.model import DIED, Export, ExportName
from knowledge.exports.parts import MOST_PARTS, Part, parts_behind
from knowledge.exports.store import ExportMovedError
from knowledge.exports.stores import ExportStores
from knowledge.generations.model import Generation
from knowledge.limits import EXPORT_LOOK_MS
from knowledge.ports import Clock, ExportPermission
from knowledge.storage.format import ObjectGoneError
from knowledge.storage.uploads import Upload, UploadGoneError

# One call stops here and is called again, well before its function's 15 minutes are over.
BUDGET_MS = 240_000
_CONTENT_TYPE = "application/gzip"
_ERASED = "Something of the source was erased while it was exported. Export again when the erasure is completed."
_GONE = "The generation is not kept any more. Export one that is."
_TOO_LARGE = "The generation has too many bytes for one file."


@dataclass(frozen=True, slots=True)
class ExportWriter:
    """What the tasks of the machine do."""

    stores: ExportStores
    ender: ExportEnder
    permission: ExportPermission | None
    clock: Clock

    def write_export(self, name: ExportName) -> bool:
        """Write the next parts of an export; tells whether it has ended.

        Raises ExportFailedError, ExportKeyEndedError when it can't go on.
        """
        export = self._find(name)
        if export is None:
            return True
        began = self.clock()
        try:
            return self._write(export, began)
        except ExportMovedError:
            # The next step goes on from what the row says.
            return self._find(name) is None
        except SourceNotFoundError:
            # All that is kept of it goes, and this with it.
            return True

    def fail_export(self, name: ExportName, error: KnowledgeError) -> None:
        """End an export that can't go on."""
        export = self._find(name)
        if export is not None:
            self.ender.fail(export, error)

    def _find(self, name: ExportName) -> Export | None:
        """The export while there is something to do for it; one that has ended is cleared up."""
        try:
            export = self.stores.exports.get_export(name.source_id, name.export_id)
        except ExportNotFoundError:
            return None
        if export.ended:
            self.ender.clear_up(export)
            return None
        return export

    def _write(self, export: Export, began: int) -> bool:
        generation = self._look(export)
        export = self._begun(export)
        if not export.whole:
            export = self._send_parts(export, generation, began)
        if export.whole:
            self._put_together(export)
            self.ender.complete(export)
        return export.whole

    def _look(self, export: Export) -> Generation:
        """Look whether an export may go on, and read its generation.

        Raises ExportFailedError, ExportKeyEndedError, SourceNotFoundError.
        """
        if export.dead(self.clock()):
            raise DIED
        source = self.stores.sources.get_source(export.tenant_id, export.source_id)
        if source.erasure_epoch != export.erasures:
            raise ExportFailedError(_ERASED)
        self._check_key(export)
        try:
            generation = self.stores.generations.get_generation(export.source_id, export.generation_id)
        except GenerationNotFoundError as error:
            raise ExportFailedError(_GONE) from error
        if generation.retired_at is not None:
            raise ExportFailedError(_GONE)
        return generation

    def _check_key(self, export: Export) -> None:
        if export.by is None:
            return
        if self.permission is None:
            message = "a function that writes exports must be told how to look at keys"
            raise TypeError(message)
        reason = self.permission.find_end(export.tenant_id, export.source_id, export.by)
        if reason is not None:
            message = f"{reason} The export ended with it, and nothing of it is kept."
            raise ExportKeyEndedError(message)

    def _begun(self, export: Export) -> Export:
        """Begin the upload unless that is done. Raises ExportMovedError when another invocation did meanwhile."""
        if export.upload_id is not None:
            return export
        upload = self.stores.uploads.begin_upload(export.key, _CONTENT_TYPE)
        try:
            return self.stores.exports.note_begun(export, upload.upload_id, self.clock())
        except ExportMovedError:
            self._abort_unless_noted(export, upload)
            raise

    def _abort_unless_noted(self, export: Export, upload: Upload) -> None:
        # The answer to the note may have been lost and the write sent again.
        stored = self.stores.exports.get_export(export.source_id, export.export_id)
        if stored.upload_id != upload.upload_id:
            self.stores.uploads.abort_upload(upload)

    def _send_parts(self, export: Export, generation: Generation, began: int) -> Export:
        """Send parts until all are there, or the time is over. Raises ExportFailedError."""
        looked_at = self.clock()
        try:
            index = self.stores.index.open_index(generation.manifest)
            for part in parts_behind(index, export.position):
                if self.clock() - looked_at >= EXPORT_LOOK_MS:
                    self._look(export)
                    looked_at = self.clock()
                export = self._send(export, part)
                if self.clock() - began > BUDGET_MS:
                    break
        except ObjectGoneError as error:
            # An erasure, or the end of the generation, explains it; nothing else may.
            self._look(export)
            raise ExportFailedError from error
        except UploadGoneError as error:
            raise ExportFailedError from error
        return export

    def _send(self, export: Export, part: Part) -> Export:
        if export.upload_id is None:
            raise AssertionError
        if export.parts == MOST_PARTS:
            raise ExportFailedError(_TOO_LARGE)
        number = export.parts + 1
        self.stores.uploads.send_part(Upload(export.key, export.upload_id), number, bytes(part.body))
        after = replace(
            export,
            parts=number,
            position=part.position,
            items=export.items + part.items,
            bytes=export.bytes + len(part.body),
            plain_bytes=export.plain_bytes + part.plain_bytes,
            whole=part.last,
        )
        return self.stores.exports.note_part(export, after, self.clock())

    def _put_together(self, export: Export) -> None:
        """Make the file of its parts, unless that is done. Raises ExportFailedError when they are not those noted."""
        if export.upload_id is None:
            raise AssertionError
        upload = Upload(export.key, export.upload_id)
        try:
            parts = self.stores.uploads.list_parts(upload)
            if (len(parts), sum(part.size for part in parts)) != (export.parts, export.bytes):
                raise ExportFailedError
            self.stores.uploads.put_together(upload, parts)
        except UploadGoneError as error:
            if self.stores.uploads.find_size(export.key) != export.bytes:
                raise ExportFailedError from error
