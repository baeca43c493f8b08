"""Staging an import: its turn, inflation, line after line, and what a snapshot removes. Each call does a bounded part.

What would break it, and what stands against it:

- A crash anywhere: how far the file was read stands in the import's row, and moves in the transaction that puts the
  rows of those lines. Whoever comes next goes on from there.
- Two executions at once: each step is conditional on the checkpoint before it, and on its execution being the last.
- The file is replaced under the reader: every read asks for the ETag that was announced.
- A gzip bomb: it is inflated a MiB at a time into pieces, and given up at 10 GiB, before anything is staged.
- A crash while inflating: the pieces depend on the file alone; a repeat passes over those that are written.
- Others push while a snapshot stages: their rows carry the epoch since it began, and stay. Its own carry the epoch
  before it, so the removals ask the file itself, read once more, what it names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from knowledge.errors import ImportFailedError, SourceInactiveError, StagingConflictError
from knowledge.imports.entries import ImportLine, named_id, report_lines, windows
from knowledge.imports.inflating import MAGIC, pieces
from knowledge.imports.lines import Line, read_lines
from knowledge.imports.model import Import, ImportFile, ImportMode
from knowledge.imports.store import ImportMovedError
from knowledge.imports.stores import ImportStores
from knowledge.index.entries import path_of
from knowledge.limits import REPORTED_PROBLEMS
from knowledge.ports import Clock
from knowledge.sources.model import Source
from knowledge.staging.model import ItemState, PushResult, StagingCounts
from knowledge.staging.rows import SLOTS
from knowledge.staging.rules import Decision, Sweep
from knowledge.staging.store import BYTES_PER_TRANSACTION, SideActionRefusedError
from knowledge.staging.writing import StagingWriter
from knowledge.storage.clients import backoff

ROWS_PER_CHECKPOINT = 98
# One call stops here and is called again, well before its function's 15 minutes are over.
BYTES_PER_CALL = 64 * 1_048_576
BUDGET_MS = 240_000
# So many ids are held at once while a snapshot looks for what it does not name; past that it goes slot by slot.
_IDS_AT_A_TIME = 1_000_000
_SWEEPS_AT_A_TIME = 490
_TRIES = 8


@dataclass(frozen=True, slots=True)
class ImportStager:
    """Stages imports whose turn it is."""

    stores: ImportStores
    writer: StagingWriter
    clock: Clock

    def advance_import(self, job: Import) -> Import:
        """Do the next part of an import that is staging, and say that it is alive.

        Raises ImportMovedError when another was there first (read it again), ImportFailedError when it can't go on.
        """
        source = self.stores.sources.get_source(job.tenant_id, job.source_id)
        if not source.active:
            raise SourceInactiveError
        if source.open_snapshot_id != job.import_id:
            raise ImportFailedError("The import stood still for so long that it lost its turn. Start a new one.")
        job = self.stores.imports.keep_alive(job, self.clock())
        deadline = self.clock() + BUDGET_MS
        try:
            if job.plain_bytes is None:
                return self._measure(job, _file_of(job), deadline)
            if job.offset < job.plain_bytes:
                return self._read(source, job, job.plain_bytes, deadline)
            return self._sweep(source, job, job.plain_bytes)
        except SideActionRefusedError as error:
            raise ImportMovedError from error

    @staticmethod
    def done(job: Import) -> bool:
        """Tell whether everything is staged."""
        if job.plain_bytes is None or job.offset < job.plain_bytes:
            return False
        return job.mode is ImportMode.UPSERT or job.removals_skipped or job.slots_done == len(SLOTS)

    def report(self, job: Import) -> str | None:
        """Write the report of an import that is staged, and return its key; None when no line was bad."""
        return self.stores.files.put_report(job, self.stores.rejects.read_report(job)) if job.reported else None

    def _measure(self, job: Import, file: ImportFile, deadline: int) -> Import:
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
            if self.clock() > deadline:
                return job
        return self._note(job, replace(job, inflated=True, plain_bytes=total))

    def _read(self, source: Source, job: Import, size: int, deadline: int) -> Import:
        began = job.offset
        for window in windows(self._lines(job, size, job.offset, job.lines)):
            job = self._stage(source, job, window)
            if self.clock() > deadline or job.offset - began >= BYTES_PER_CALL:
                break
        return job

    def _lines(self, job: Import, size: int, offset: int = 0, lines: int = 0) -> Iterator[Line]:
        return read_lines(lambda at, length: self.stores.files.read_plain(job, at, length), size, offset, lines)

    def _stage(self, source: Source, job: Import, entries: Sequence[ImportLine]) -> Import:
        """Carry out entries in their order, as many at a time as a transaction takes beside the checkpoint."""
        # A snapshot's rows carry the epoch before it, as the parts of a snapshot do.
        epoch = job.epoch - (job.mode is ImportMode.SNAPSHOT)
        for attempt in range(_TRIES):
            commands = [entry.command for entry in entries if entry.command is not None]
            decisions = self.writer.decide_commands(source, commands, epoch, touch=False)
            for chunk in _chunks(entries, decisions):
                after, written = self._write(source, job, chunk, decisions)
                if not written:
                    break
                job, entries = after, entries[len(chunk) :]
            if not entries:
                return job
            # A row was changed by another: read what is left again, decide again.
            backoff(attempt)
        raise StagingConflictError

    def _write(
        self, source: Source, job: Import, chunk: Sequence[ImportLine], decisions: Mapping[str, Decision]
    ) -> tuple[Import, bool]:
        made = {
            entry.command.external_item_id: decisions[entry.command.external_item_id]
            for entry in chunk
            if entry.command is not None
        }
        now = self.clock()
        report, reported, unreported = report_lines(chunk, REPORTED_PROBLEMS - job.reported)
        # A removal that somebody's push made needless is nothing that a line of the file came to.
        swept = any(isinstance(entry.command, Sweep) for entry in chunk)
        tally = Counter(
            str(decision.result) for decision in made.values() if not swept or decision.result is PushResult.REMOVED
        )
        after = replace(
            job,
            offset=chunk[-1].end,
            lines=chunk[-1].number,
            counts=job.counts.plus(StagingCounts(**tally)),
            rejected=job.rejected + sum(bool(entry.problems) for entry in chunk),
            reported=job.reported + reported,
            unreported=job.unreported + unreported,
        )
        beside = [self.stores.imports.checkpoint(job, after, now)]
        if reported:
            beside.append(self.stores.rejects.action(job, after.offset, report, now))
        written = self.writer.write_decisions(source, made, beside)
        return replace(after, checkpoint=job.checkpoint + 1), written

    def _sweep(self, source: Source, job: Import, size: int) -> Import:
        """Remove what a snapshot does not name, some slots at a time."""
        if job.lines == 0 or not any((job.counts.created, job.counts.updated, job.counts.unchanged, job.counts.stale)):
            raise ImportFailedError("The file names no items, so as a snapshot it would remove everything.")
        slots = SLOTS[job.slots_done :] if job.lines <= _IDS_AT_A_TIME else SLOTS[job.slots_done]
        named = {
            name for name in map(named_id, self._lines(job, size)) if name is not None and path_of(name)[0] in slots
        }
        deadline = self.clock() + BUDGET_MS
        for slot in slots:
            for batch in self._unnamed(job, slot, named):
                job = self._stage(source, job, batch)
                if self.clock() > deadline:
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


def _chunks(entries: Sequence[ImportLine], decisions: Mapping[str, Decision]) -> Iterator[Sequence[ImportLine]]:
    """Cut entries into runs whose rows, journal entry, checkpoint and report fit into one transaction."""
    begin = rows = size = 0
    faulty = False
    for position, entry in enumerate(entries):
        decision = None if entry.command is None else decisions[entry.command.external_item_id]
        row = None if decision is None else decision.writes
        taken = 0 if row is None else row.size
        needed = (row is not None) + (bool(entry.problems) and not faulty)
        if position > begin and (rows + needed > ROWS_PER_CHECKPOINT or size + taken > BYTES_PER_TRANSACTION):
            yield entries[begin:position]
            begin, rows, size, faulty = position, 0, 0, False
            needed = (row is not None) + bool(entry.problems)
        rows += needed
        size += taken
        faulty = faulty or bool(entry.problems)
    if begin < len(entries):
        yield entries[begin:]
