"""Staging an import: its turn, inflation, line after line, and what a snapshot removes. Each call does a bounded part.

What would break it, and what stands against it:

- A crash anywhere: how far the file was read stands in the import's row, and moves in the transaction that puts the
  rows of those lines. Whoever comes next goes on from there.
- Two executions at once: each step is conditional on the checkpoint before it, and on its execution being the last.
- The file is replaced under the reader: every read asks for the ETag that was announced.
- A gzip bomb: it is inflated a MiB at a time into pieces, and given up at 10 GiB, or at a hundred times its size,
  before anything is staged.
- A file made to cost transactions: blank lines enter no window, an item that is named again and again is put once a
  transaction, what writes nothing is noted by bytes and time, and there is a bound on lines and on bad ones.
- It is cancelled, or its key is revoked: each step is conditional on its state, and the key is looked at all the time.
- A crash while inflating: the pieces depend on the file alone; a repeat passes over those that are written.
- Items of the file are erased: lines that were uploaded before are passed over. The erasure moves the checkpoint of an
  import that is under way, which then asks again what was erased.
- Others push while a snapshot stages: their rows carry the epoch since it began, and stay. Its own carry the epoch
  before it, so the removals ask the file itself, read once more, what it names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from knowledge.errors import ImportFailedError, SourceInactiveError
from knowledge.imports.entries import ImportLine, Window, named_id, windows, without
from knowledge.imports.inflating import MAGIC, pieces
from knowledge.imports.lines import Line, read_lines
from knowledge.imports.model import Import, ImportFile, ImportMode
from knowledge.imports.parts import ImportPermits, Part
from knowledge.imports.stores import ImportStores
from knowledge.imports.transitions import ImportMovedError
from knowledge.imports.window_writer import WindowWriter, too_many_rejected
from knowledge.index.entries import path_of
from knowledge.ports import Clock, ErasedSince
from knowledge.sources.model import Source
from knowledge.staging.model import ItemState
from knowledge.staging.rows import SLOTS
from knowledge.staging.rules import Sweep
from knowledge.staging.store import SideActionRefusedError

# One call stops here and is called again.
BYTES_PER_CALL = 64 * 1_048_576
# Lines that write nothing are noted so often.
_BYTES_PER_NOTE = 4 * 1_048_576
_MS_PER_NOTE = 30_000
# So many ids are held at once while a snapshot looks for what it does not name; past that it goes slot by slot.
_IDS_AT_A_TIME = 1_000_000
_SWEEPS_AT_A_TIME = 490


@dataclass(frozen=True, slots=True)
class ImportStager:
    """Stages imports whose turn it is."""

    stores: ImportStores
    writer: WindowWriter
    permits: ImportPermits
    erased_since: ErasedSince
    clock: Clock

    def advance_import(self, job: Import) -> Import:
        """Do the next part of an import that is staging, and say that it is alive.

        Raises ImportMovedError when another was there first (read it again), ImportFailedError when it can't go on.
        """
        part = self.permits.begin_part(job)
        if job.rejected > job.max_rejected:
            raise too_many_rejected(job)
        source = self.stores.sources.get_source(job.tenant_id, job.source_id)
        if not source.active:
            raise SourceInactiveError
        if source.open_snapshot_id != job.import_id:
            raise ImportFailedError("The import stood still for so long that it lost its turn. Start a new one.")
        job = self.stores.imports.keep_alive(job, self.clock())
        try:
            if job.plain_bytes is None:
                return self._measure(job, _file_of(job), part)
            if job.offset < job.plain_bytes:
                return self._read(source, job, job.plain_bytes, part)
            return self._sweep(source, job, job.plain_bytes, part)
        except SideActionRefusedError as error:
            raise ImportMovedError from error

    @staticmethod
    def done(job: Import) -> bool:
        """Tell whether everything is staged."""
        if job.plain_bytes is None or job.offset < job.plain_bytes:
            return False
        return job.mode is ImportMode.UPSERT or job.removals_skipped or job.slots_done == len(SLOTS)

    def report(self, job: Import) -> Import:
        """Write the report on the bad lines of an import, if there are any and it is not written yet."""
        if not job.reported or job.report_key is not None:
            return job
        key = self.stores.files.put_report(job, self.stores.rejects.read_report(job))
        return self.stores.imports.note_report(job, key)

    def _measure(self, job: Import, file: ImportFile, part: Part) -> Import:
        """Find out how long the plain text is; a gzip file is inflated for that."""
        start = self.stores.files.read_range(file, 0, min(2, file.size)) if file.size else b""
        if start != MAGIC:
            return self._note(job, replace(job, plain_bytes=file.size))
        total = 0
        for number, piece in enumerate(
            pieces(lambda at, length: self.stores.files.read_range(file, at, length), file.size)
        ):
            total += len(piece)
            if number < job.pieces:
                continue
            self.stores.files.put_piece(job, number, piece)
            job = self._note(job, replace(job, pieces=number + 1))
            if part.over():
                return job
        return self._note(job, replace(job, inflated=True, plain_bytes=total))

    def _read(self, source: Source, job: Import, size: int, part: Part) -> Import:
        began = noted = job.offset
        noted_at = self.clock()
        erased: frozenset[str] = frozenset()
        if source.erasure_epoch:
            erased = self.erased_since(source.source_id, self.stores.files.written_at(_file_of(job)))
        for window in windows(self._lines(job, size, job.offset, job.lines), job.offset):
            kept = window._replace(entries=without(window.entries, erased)) if erased else window
            self.writer.check_bounds(source, job, kept)
            job, noted = self.writer.write_window(source, job, kept, noted)
            now = self.clock()
            if noted == job.offset:
                noted_at = now
            elif job.offset - noted >= _BYTES_PER_NOTE or now - noted_at >= _MS_PER_NOTE:
                job, noted, noted_at = self._note(job, job), job.offset, now
            if part.over() or job.offset - began >= BYTES_PER_CALL:
                break
        return job if noted == job.offset else self._note(job, job)

    def _lines(self, job: Import, size: int, offset: int = 0, lines: int = 0) -> Iterator[Line]:
        return read_lines(lambda at, length: self.stores.files.read_plain(job, at, length), size, offset, lines)

    def _sweep(self, source: Source, job: Import, size: int, part: Part) -> Import:
        """Remove what a snapshot does not name, some slots at a time."""
        if job.lines == 0 or not any((job.counts.created, job.counts.updated, job.counts.unchanged, job.counts.stale)):
            raise ImportFailedError("The file names no items, so as a snapshot it would remove everything.")
        slots = SLOTS[job.slots_done :] if job.lines <= _IDS_AT_A_TIME else SLOTS[job.slots_done]
        named = {
            name for name in map(named_id, self._lines(job, size)) if name is not None and path_of(name)[0] in slots
        }
        for slot in slots:
            for batch in self._unnamed(job, slot, named):
                job = self.writer.write_window(source, job, Window(job.lines, job.offset, batch)).job
                if part.over():
                    return job
            job = replace(job, slots_done=job.slots_done + 1)
        return self._note(job, job)

    def _unnamed(self, job: Import, slot: str, named: set[str]) -> Iterator[list[ImportLine]]:
        batch: list[ImportLine] = []
        for row in self.stores.items.list_slot(job.source_id, slot):
            if row.state is ItemState.ACTIVE and row.epoch < job.epoch and row.external_item_id not in named:
                batch.append(ImportLine(job.lines, job.offset, Sweep(row.external_item_id, job.epoch)))
            if len(batch) == _SWEEPS_AT_A_TIME:
                yield batch
                batch = []
        if batch:
            yield batch

    def _note(self, before: Import, after: Import) -> Import:
        return self.stores.imports.note_progress(before, after, self.clock())


def _file_of(job: Import) -> ImportFile:
    if job.file is None:
        raise ImportFailedError
    return job.file
