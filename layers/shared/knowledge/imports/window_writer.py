"""Carrying a window of an import's lines out: the rows they come to and how far the file was read, in one transaction.

What would break it, and what stands against it:

- A row is changed by another between the reading and the writing: what is left of the window is read and decided again.
- An item is named again in one window: each line is decided on what the one before it leaves, and the last is put.
- Lines that write nothing: they take no transaction, and are noted by who reads on.
- More bad lines than the import stands: those of the window are reported, and none of its lines is staged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from knowledge.errors import ImportRejectedError, ImportTooLargeError, StagingConflictError
from knowledge.imports.entries import ImportLine, Window, report_lines
from knowledge.imports.model import Import, ImportMode
from knowledge.imports.stores import ImportStores
from knowledge.limits import IMPORT_LINES, REPORTED_PROBLEMS
from knowledge.ports import Clock
from knowledge.sources.model import Source
from knowledge.staging.model import PushResult, StagingCounts
from knowledge.staging.rules import Decision, Sweep, chained
from knowledge.staging.store import BYTES_PER_TRANSACTION
from knowledge.staging.writing import StagingWriter
from knowledge.storage.clients import backoff

ROWS_PER_CHECKPOINT = 98
_TRIES = 8


class Staged(NamedTuple):
    """How far an import came, and up to where in the file that is stored."""

    job: Import
    noted: int


class _Decided(NamedTuple):
    """A line, and what its command comes to; None for a bad line."""

    line: ImportLine
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class WindowWriter:
    """Writes the windows of imports. Raises SideActionRefusedError when another was there first."""

    stores: ImportStores
    writer: StagingWriter
    clock: Clock

    def check_bounds(self, source: Source, job: Import, window: Window) -> None:
        """Refuse a window that reaches too far, or has too many bad lines: those are reported, and none is staged.

        Raises ImportTooLargeError, ImportRejectedError.
        """
        if window.number > IMPORT_LINES:
            raise ImportTooLargeError(f"The file has more than {IMPORT_LINES:,} lines. Split it into several imports.")
        bad = [entry for entry in window.entries if entry.problems]
        if job.rejected + len(bad) <= job.max_rejected:
            return
        now = self.clock()
        report, reported, unreported = report_lines(bad, REPORTED_PROBLEMS - job.reported)
        after = replace(
            job,
            rejected=job.rejected + len(bad),
            reported=job.reported + reported,
            unreported=job.unreported + unreported,
        )
        beside = [self.stores.imports.checkpoint(job, after, now)]
        if reported:
            beside.append(self.stores.rejects.action(job, window.end, report, now))
        self.writer.write_decisions(source, {}, beside)
        raise too_many_rejected(after)

    def write_window(self, source: Source, job: Import, window: Window, noted: int = 0) -> Staged:
        """Carry out a window, as many lines at a time as a transaction takes beside the checkpoint.

        `noted` tells up to where the file is stored as read before. Raises StagingConflictError.
        """
        # A snapshot's rows carry the epoch before it, as the parts of a snapshot do.
        epoch = job.epoch - (job.mode is ImportMode.SNAPSHOT)
        entries = window.entries
        for attempt in range(_TRIES):
            decided = self._decide(source, job, entries, epoch)
            for chunk in _chunks(decided):
                after, written = self._write(source, job, chunk)
                if not written:
                    break
                noted = noted if after.checkpoint == job.checkpoint else after.offset
                job, entries = after, entries[len(chunk) :]
            if not entries:
                return Staged(replace(job, offset=window.end, lines=window.number), noted)
            # A row was changed by another: read what is left again, decide again.
            backoff(attempt)
        raise StagingConflictError

    def _decide(self, source: Source, job: Import, entries: Sequence[ImportLine], epoch: int) -> list[_Decided]:
        commands = [entry.command for entry in entries if entry.command is not None]
        key_id = None if job.by is None else job.by.author.key_id
        decisions = iter(self.writer.decide_in_turn(source, commands, epoch, False, key_id))
        return [_Decided(entry, None if entry.command is None else next(decisions)) for entry in entries]

    def _write(self, source: Source, job: Import, chunk: Sequence[_Decided]) -> tuple[Import, bool]:
        """Write what a chunk comes to, in one transaction; none for a chunk that comes to nothing."""
        made: dict[str, Decision] = {}
        tally: Counter[str] = Counter()
        for entry, decision in chunk:
            if entry.command is None or decision is None:
                continue
            name = entry.command.external_item_id
            made[name] = chained(made[name], decision) if name in made else decision
            # A removal that somebody's push made needless is nothing that a line of the file came to.
            if not isinstance(entry.command, Sweep) or decision.result is PushResult.REMOVED:
                tally[str(decision.result)] += 1
        bad = [entry for entry, _ in chunk if entry.problems]
        report, reported, unreported = report_lines(bad, REPORTED_PROBLEMS - job.reported)
        after = replace(
            job,
            offset=chunk[-1].line.end,
            lines=chunk[-1].line.number,
            counts=job.counts.plus(StagingCounts(**tally)),
            rejected=job.rejected + len(bad),
            reported=job.reported + reported,
            unreported=job.unreported + unreported,
        )
        if not reported and all(decision.writes is None for decision in made.values()):
            return after, True
        now = self.clock()
        beside = [self.stores.imports.checkpoint(job, after, now)]
        if reported:
            beside.append(self.stores.rejects.action(job, after.offset, report, now))
        key_id = None if job.by is None else job.by.author.key_id
        written = self.writer.write_decisions(source, made, beside, key_id)
        return replace(after, checkpoint=job.checkpoint + 1), written


def too_many_rejected(job: Import) -> ImportRejectedError:
    """What an import fails with that has more bad lines than it stands."""
    message = (
        f"{job.rejected} lines are bad, and the import stands {job.max_rejected} (maxRejected). Nothing further was "
        "staged, and nothing is removed or published. The report says what is wrong with them."
    )
    return ImportRejectedError(message)


def _chunks(decided: Sequence[_Decided]) -> Iterator[Sequence[_Decided]]:
    """Cut lines into runs whose rows, journal entry, checkpoint and report fit into one transaction."""
    begin = rows = size = 0
    names: set[str] = set()
    faulty = False
    for position, (entry, decision) in enumerate(decided):
        row = None if decision is None else decision.writes
        taken = 0 if row is None else row.size
        needed = (row is not None and row.external_item_id not in names) + (bool(entry.problems) and not faulty)
        if position > begin and (rows + needed > ROWS_PER_CHECKPOINT or size + taken > BYTES_PER_TRANSACTION):
            yield decided[begin:position]
            begin, rows, size, names, faulty = position, 0, 0, set(), False
            needed = (row is not None) + bool(entry.problems)
        if row is not None:
            names.add(row.external_item_id)
        rows += needed
        size += taken
        faulty = faulty or bool(entry.problems)
    if begin < len(decided):
        yield decided[begin:]
