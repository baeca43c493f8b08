"""Events into imports: each event at most one import, each import at most one living execution.

What would break it, and what stands against it:

- An event is delivered again: the import's id comes from the event, and its row is written on condition.
- A crash between the row and the execution: the next delivery finds the row, and starts what is not running.
- The execution died: a delivery after its time, or the news of its end, starts another one, which takes over.
- The key that asked for it was revoked since: it is looked at when the file comes, and again as it is staged.
- Events come in any order: imports of a source take turns by the time at which their files were found.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from knowledge.errors import (
    ImportFailedError,
    ImportKeyEndedError,
    ImportNotFoundError,
    SourceInactiveError,
    SourceNotFoundError,
)
from knowledge.ids import derived_id
from knowledge.imports.ending import ImportEnder
from knowledge.imports.events import ExecutionEnded, ImportRequested, RejectedEventError, UploadArrived, read_event
from knowledge.imports.files import FoundFile
from knowledge.imports.machine import ImportMachine
from knowledge.imports.model import Import, ImportFormat, ImportMode, ImportState
from knowledge.imports.parts import ImportPermits
from knowledge.imports.stores import ImportStores
from knowledge.imports.transitions import ImportMovedError
from knowledge.limits import IMPORT_SILENT_MS
from knowledge.ports import Clock

# An import that keeps killing its executions is given up.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class ImportIntake:
    """Starts imports."""

    stores: ImportStores
    permits: ImportPermits
    ender: ImportEnder
    machine: ImportMachine
    clock: Clock

    def start_import(self, event: Mapping[str, Any]) -> str | None:
        """Follow an event and return the id of its import; None when it asks for nothing.

        Raises RejectedEventError with the reason when it can't be followed, now or at any later delivery.
        """
        request = read_event(event, self.stores.files.bucket)
        match request:
            case None:
                return None
            case UploadArrived():
                job = self._take_upload(request)
            case ImportRequested():
                job = self._take_request(request)
            case ExecutionEnded():
                job = self._take_end(request)
        self._start(job)
        return job.import_id

    def _take_upload(self, request: UploadArrived) -> Import:
        self._check_source(request.tenant_id, request.source_id)
        job = self._find(request.source_id, request.import_id)
        if job.state is not ImportState.AWAITING_UPLOAD:
            return job
        try:
            self.permits.check(job)
        except ImportKeyEndedError as error:
            with suppress(ImportMovedError):
                return self.ender.fail(job, error)
            # Another delivery of the event queued it before the key ended; it goes no further than this.
            return self._find(request.source_id, request.import_id)
        return self._enqueue(replace(job, file=self._file(request.bucket, request.key).file))

    def _take_request(self, request: ImportRequested) -> Import:
        tenant_id, source_id = request.tenant_id, request.source_id
        import_id = derived_id("imp", tenant_id, f"event\0{source_id}\0{request.identity}", 0)
        with suppress(ImportNotFoundError):
            return self.stores.imports.get_import(source_id, import_id)
        self._check_source(tenant_id, source_id)
        found = self._file(request.bucket, request.key)
        mode, apply = request.mode, request.apply
        if mode is None or apply is None:
            mode, apply = _from_metadata(found)
        now = self.clock()
        job = Import(
            tenant_id=tenant_id,
            source_id=source_id,
            import_id=import_id,
            state=ImportState.AWAITING_UPLOAD,
            mode=mode,
            apply=apply,
            format=ImportFormat.NDJSON,
            created_at=now,
            updated_at=now,
            file=found.file,
        )
        return self._enqueue(job)

    def _take_end(self, request: ExecutionEnded) -> Import:
        job = self._find(request.source_id, request.import_id)
        if job.ended:
            # It may have died with a piece written, or before it cleared up.
            self.ender.clear_up(job)
            return job
        if job.tenant_id != request.tenant_id or job.attempt != request.attempt:
            return job
        return self._revive(job)

    def _enqueue(self, job: Import) -> Import:
        now = self.clock()
        queued = replace(
            job,
            state=ImportState.QUEUED,
            attempt=1,
            queued_at=now,
            updated_at=now,
            alive_until=now + IMPORT_SILENT_MS,
        )
        try:
            self.stores.imports.enqueue_import(queued)
        except ImportMovedError:
            # The same event, delivered twice at once.
            return self.stores.imports.get_import(job.source_id, job.import_id)
        return queued

    def _start(self, job: Import) -> None:
        """Make sure that an import which has not ended has an execution."""
        if job.ended:
            return
        if job.dead(self.clock()):
            job = self._revive(job)
        if not job.ended:
            # The name is the attempt's, so this is once, however often it is called.
            self.machine.start(job)

    def _revive(self, job: Import) -> Import:
        if job.attempt >= _ATTEMPTS:
            message = "The import broke off again and again. What it staged stays; start a new import."
            return self.ender.fail(job, ImportFailedError(message))
        with suppress(ImportMovedError):
            return self.stores.imports.revive_import(job, self.clock())
        return self.stores.imports.get_import(job.source_id, job.import_id)

    def _find(self, source_id: str, import_id: str) -> Import:
        try:
            return self.stores.imports.get_import(source_id, import_id)
        except ImportNotFoundError as error:
            raise RejectedEventError("The source has no such import.") from error

    def _check_source(self, tenant_id: str, source_id: str) -> None:
        try:
            source = self.stores.sources.get_source(tenant_id, source_id)
        except SourceNotFoundError as error:
            raise RejectedEventError("The tenant has no such source.") from error
        if not source.active:
            raise RejectedEventError(str(SourceInactiveError()))

    def _file(self, bucket: str, key: str) -> FoundFile:
        found = self.stores.files.find_file(bucket, key)
        if found is None:
            raise RejectedEventError("The file is not there, or this stack may not read it.")
        return found


def _from_metadata(found: FoundFile) -> tuple[ImportMode, bool]:
    """Read mode and apply off an object that nobody announced: `upsert` without an apply when it says nothing."""
    mode, apply = found.metadata.get("mode", "upsert"), found.metadata.get("apply", "false")
    if mode not in set(ImportMode) or apply not in {"true", "false"}:
        raise RejectedEventError("The object's metadata must be mode=upsert or snapshot, and apply=true or false.")
    return ImportMode(mode), apply == "true"
