"""Writing the staging set: deciding on commands, and carrying the decisions out in transactions.

What would break it, and what stands against it:

- Two writers of one item: each row is put on condition of the rev that was read; the loser reads and decides again.
  So a command that wants to find a revision is compared with what its write is conditional on.
- A crash between a row and its journal entry: they are one transaction.
- An answer before the write is durable: the answer is given after the last transaction.
- A batch that fails half-way: each transaction stands for itself; a retry finds the ones that landed unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.errors import SourceInactiveError, StagingConflictError
from knowledge.items.content import EncodedItem, content_key
from knowledge.ports import Clock, NewId
from knowledge.sources.model import Source
from knowledge.staging.rows import JournalEntry
from knowledge.staging.rules import Decision, StagingCommand, WriteContext, decide
from knowledge.staging.store import BYTES_PER_TRANSACTION, ROWS_PER_TRANSACTION, RowChangedError, RowWrite
from knowledge.staging.stores import StagingStores
from knowledge.storage.clients import backoff

_TRIES = 8
Actions = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class StagingWriter:
    """Writes rows and journal entries of a source."""

    stores: StagingStores
    clock: Clock
    new_id: NewId

    def stage_commands(
        self,
        source: Source,
        commands: Sequence[StagingCommand],
        *,
        epoch: int,
        touch: bool,
        beside: Callable[[Mapping[str, Decision]], Actions] | None = None,
        key_id: str | None = None,
    ) -> dict[str, Decision]:
        """Decide on every command and write what is to be written, in transactions of bounded size.

        `epoch` is what the rows carry; `touch` leaves it on unchanged active rows too; `beside` makes the one action
        that goes with each transaction's decisions; `key_id` is whose key writes. Returns the decision that was carried
        out for each id.

        Raises SideActionRefusedError when the condition of an action `beside` does not hold, PreconditionFailedError
        when an item is not what its command wants to find.
        """
        if not source.active:
            raise SourceInactiveError
        decisions = self.decide_commands(source, commands, epoch, touch, key_id)
        by_name = {command.external_item_id: command for command in commands}
        writing = [name for name in by_name if decisions[name].writes is not None]
        for chunk in _chunks(writing, decisions, ROWS_PER_TRANSACTION - (beside is not None)):
            made = {name: decisions[name] for name in chunk}
            for attempt in range(_TRIES):
                if self.write_decisions(source, made, () if beside is None else beside(made), key_id):
                    break
                # A row was changed by another: read the chunk again, decide again.
                backoff(attempt)
                made = self.decide_commands(source, [by_name[name] for name in chunk], epoch, touch, key_id)
            else:
                raise StagingConflictError
            decisions.update(made)
        return decisions

    def decide_commands(
        self, source: Source, commands: Sequence[StagingCommand], epoch: int, touch: bool, key_id: str | None = None
    ) -> dict[str, Decision]:
        """Decide on commands that name no item twice, and write nothing; the rest as in `stage_commands`."""
        decisions = self.decide_in_turn(source, commands, epoch, touch, key_id)
        return {command.external_item_id: made for command, made in zip(commands, decisions, strict=True)}

    def decide_in_turn(
        self, source: Source, commands: Sequence[StagingCommand], epoch: int, touch: bool, key_id: str | None = None
    ) -> list[Decision]:
        """Decide on commands in their order, each on what those before it leave; nothing is written."""
        at = WriteContext(self.clock(), epoch, touch, key_id, source.erasure_epoch, source.erasure_opening)
        names = dict.fromkeys(command.external_item_id for command in commands)
        rows = self.stores.items.read_rows(source.source_id, list(names), at.now)
        key = self._content_key(source, at.now)
        decisions: list[Decision] = []
        for command in commands:
            name = command.external_item_id
            decision = decide(command, rows.get(name), at, key)
            if decision.writes is not None:
                rows[name] = decision.writes
            decisions.append(decision)
        return decisions

    def write_decisions(
        self, source: Source, made: Mapping[str, Decision], beside: Actions = (), key_id: str | None = None
    ) -> bool:
        """Write one chunk of decisions; False when a row is no longer as it was read, and nothing was written.

        What is `beside` goes into the same transaction, which takes 100 actions: the rows, a journal entry, and these.
        Raises SideActionRefusedError when a condition there does not hold.
        """
        writing = {name: decision for name, decision in made.items() if decision.writes is not None}
        if not writing and not beside:
            return True
        self._upload(writing.values())
        try:
            self._commit(source, writing, beside, key_id)
        except RowChangedError:
            return False
        return True

    def _commit(self, source: Source, writing: dict[str, Decision], beside: Actions, key_id: str | None) -> None:
        writes = [
            RowWrite(decision.writes, decision.expected_rev, decision.expected_state)
            for decision in writing.values()
            if decision.writes is not None
        ]
        revs = tuple(
            (name, decision.writes.rev)
            for name, decision in writing.items()
            if decision.writes is not None and decision.journaled
        )
        net = sum(decision.net for decision in writing.values())
        journal = JournalEntry(self.new_id("jrn"), self.clock(), revs, key_id, net) if revs else None
        self.stores.items.write_rows(source.source_id, writes, journal, beside)

    def _upload(self, decisions: Iterable[Decision]) -> None:
        """Put large contents before the rows that name them; a crash in between leaves objects that nothing names."""
        uploads = [
            (*decision.upload, decision.writes.external_item_id)
            for decision in decisions
            if decision.upload is not None and decision.writes is not None
        ]
        self.stores.fanout.map(lambda upload: self.stores.objects.put_content(*upload), uploads)

    def _content_key(self, source: Source, now: int) -> Callable[[EncodedItem], str]:
        return lambda item: content_key(
            source.tenant_id, source.source_id, item.content_hash, now, source.erasure_epoch
        )


def _chunks(names: Sequence[str], decisions: dict[str, Decision], most: int) -> Iterator[list[str]]:
    """Cut the names of rows to write into transactions of at most so many rows and 3.5 MB."""
    chunk: list[str] = []
    size = 0
    for name in names:
        row = decisions[name].writes
        taken = 0 if row is None else row.size
        if chunk and (len(chunk) == most or size + taken > BYTES_PER_TRANSACTION):
            yield chunk
            chunk, size = [], 0
        chunk.append(name)
        size += taken
    if chunk:
        yield chunk
