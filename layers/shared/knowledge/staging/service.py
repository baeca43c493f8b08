"""The staging set: pushing, removing, restoring and reading items.

What would break it, and what stands against it:

- Two writers of one item: each row is put on condition of the rev that was read; the loser reads and decides again.
- A crash between a row and its journal entry: they are one transaction.
- An answer before the write is durable: the answer is given after the last transaction.
- A batch that fails half-way: each transaction stands for itself; a retry finds the ones that landed unchanged.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from knowledge.errors import (
    InvalidPositionError,
    ItemNotFoundError,
    SourceInactiveError,
    StagingConflictError,
    StaleVersionError,
)
from knowledge.items.answer_size import LARGEST_ANSWER_BYTES, how_many_fit
from knowledge.items.content import EncodedItem, decode_member, encode_item
from knowledge.items.fields import details_in
from knowledge.items.model import ItemDraft, Removal
from knowledge.pages import Page
from knowledge.ports import Clock, NewId
from knowledge.sources.model import Source
from knowledge.staging.model import ItemResult, ItemState, PushResult, StagedItem
from knowledge.staging.rows import SLOTS, JournalEntry, StagedRow
from knowledge.staging.rules import Decision, Moment, Push, Restore, Wish, decide
from knowledge.staging.store import BYTES_PER_TRANSACTION, ROWS_PER_TRANSACTION, ItemStore, RowChangedError, RowWrite
from knowledge.storage.clients import backoff
from knowledge.storage.format import canonical_json
from knowledge.storage.objects import ObjectStore
from knowledge.times import MS_PER_DAY

_TRIES = 8
_ROWS_LOOKED_AT = 5_000


@dataclass(frozen=True, slots=True)
class StagingService:
    """What can be done with the items of a source."""

    items: ItemStore
    objects: ObjectStore
    clock: Clock
    new_id: NewId

    def push(self, source: Source, items: Sequence[ItemDraft], removals: Sequence[Removal] = ()) -> list[ItemResult]:
        """Stage items and removals; results for the items, then for the removals, each in the order given.

        No id may be named twice. SourceInactiveError on an archived source; StagingConflictError when other writers
        do not let go of a row, in which case the chunks before it stand.
        """
        wishes: list[Wish] = [Push(encode_item(item), item.source_version) for item in items]
        wishes.extend(removals)
        decisions = self._stage(source, wishes)
        return [ItemResult(wish.external_item_id, decisions[wish.external_item_id].result) for wish in wishes]

    def push_one(self, source: Source, item: ItemDraft) -> tuple[StagedItem, PushResult]:
        """Stage one item; StaleVersionError when a newer `source_version` is staged."""
        decision = self._stage(source, [Push(encode_item(item), item.source_version)])[item.external_item_id]
        if decision.result is PushResult.STALE:
            raise StaleVersionError
        return self._view(source, _row_of(decision), content=True), decision.result

    def remove(self, source: Source, external_item_id: str, source_version: int | None = None) -> StagedItem:
        """Remove an item; ItemNotFoundError when there is none to remove."""
        decision = self._stage(source, [Removal(external_item_id, source_version)])[external_item_id]
        if decision.result is PushResult.STALE:
            raise StaleVersionError
        if decision.result is PushResult.UNCHANGED:
            raise ItemNotFoundError
        return self._view(source, _row_of(decision), content=False)

    def restore(self, source: Source, external_item_id: str) -> StagedItem:
        """Bring a removed or tombstoned item back with its last content; an active one stays as it is."""
        decision = self._stage(source, [Restore(external_item_id)])[external_item_id]
        return self._view(source, _row_of(decision), content=True)

    def get(self, source: Source, external_item_id: str) -> StagedItem:
        """Read an item with its content; ItemNotFoundError when there is none."""
        row = self.items.read(source.source_id, [external_item_id], self.clock()).get(external_item_id)
        if row is None:
            raise ItemNotFoundError
        return self._view(source, row, content=True)

    def list(
        self,
        source: Source,
        *,
        state: ItemState | None,
        prefix: str | None,
        limit: int,
        position: Any,
        include_content: bool,
    ) -> Page[StagedItem]:
        """List items in the order of their ids (bytes of UTF-8). A position is the id that the last page ended at.

        A page ends at `limit` items, at 4 MB, or after looking at 5 000 rows, so one with a rare `state` may be short.
        """
        if not (position is None or isinstance(position, str)):
            raise InvalidPositionError
        now = self.clock()
        chosen: list[StagedRow] = []
        size = 0
        rows = self._merged(source.source_id, prefix or "", position, limit)
        for looked_at, row in enumerate(rows, start=1):
            alive = row.expires_at is None or row.expires_at * 1000 > now
            if alive and state in (None, row.state):
                size += 1024 + (row.content_bytes if include_content else 0) + len(row.head or b"") * 4
                if chosen and (len(chosen) == limit or size > LARGEST_ANSWER_BYTES):
                    return self._page(source, chosen, position, include_content)
                chosen.append(row)
            position = row.external_item_id
            if looked_at >= _ROWS_LOOKED_AT:
                return self._page(source, chosen, position, include_content)
        return self._page(source, chosen, None, include_content)

    def _page(
        self, source: Source, rows: Sequence[StagedRow], position: str | None, include_content: bool
    ) -> Page[StagedItem]:
        """Show rows, as many as fit into 4 MB. What a row takes in an answer is known only now that it is unpacked."""
        views = self.items.fanout.map(lambda row: self._view(source, row, content=include_content), rows)
        count = how_many_fit(views)
        return Page(views, position) if count == len(views) else Page(views[:count], views[count - 1].external_item_id)

    def _merged(self, source_id: str, prefix: str, after: str | None, limit: int) -> Iterator[StagedRow]:
        share = limit // len(SLOTS) + 2
        slots = [self.items.list_slot(source_id, slot, prefix=prefix, after=after, limit=share) for slot in SLOTS]
        return heapq.merge(*slots, key=lambda row: row.external_item_id)

    def stage(self, source: Source, wishes: Sequence[Wish], *, epoch: int, touch: bool) -> dict[str, Decision]:
        """Decide on every wish and write what is to be written, in transactions of bounded size.

        `epoch` is what the rows carry; `touch` leaves it on unchanged active rows too. Returns the decision that was
        carried out for each id.
        """
        if not source.active:
            raise SourceInactiveError
        decisions = self.decide(source, wishes, epoch, touch)
        by_name = {wish.external_item_id: wish for wish in wishes}
        writing = [name for name in by_name if decisions[name].writes is not None]
        for chunk in _chunks(writing, decisions):
            made = {name: decisions[name] for name in chunk}
            for attempt in range(_TRIES):
                if self.write(source, made):
                    break
                # A row was changed by another: read the chunk again, decide again.
                backoff(attempt)
                made = self.decide(source, [by_name[name] for name in chunk], epoch, touch)
            else:
                raise StagingConflictError
            decisions.update(made)
        return decisions

    def _stage(self, source: Source, wishes: Sequence[Wish]) -> dict[str, Decision]:
        return self.stage(source, wishes, epoch=source.epoch, touch=source.open_snapshot_id is not None)

    def decide(self, source: Source, wishes: Sequence[Wish], epoch: int, touch: bool) -> dict[str, Decision]:
        """Decide on wishes that name no item twice, and write nothing; see `stage` for `epoch` and `touch`."""
        at = Moment(self.clock(), epoch, touch)
        rows = self.items.read(source.source_id, [wish.external_item_id for wish in wishes], at.now)
        key = self._content_key(source, at.now)
        return {wish.external_item_id: decide(wish, rows.get(wish.external_item_id), at, key) for wish in wishes}

    def write(self, source: Source, made: Mapping[str, Decision], beside: Sequence[Mapping[str, Any]] = ()) -> bool:
        """Write one chunk of decisions; False when a row is no longer as it was read, and nothing was written.

        What is `beside` goes into the same transaction, which takes 100 actions: the rows, a journal entry, and these.
        SideActionRefusedError when a condition there does not hold.
        """
        writing = {name: decision for name, decision in made.items() if decision.writes is not None}
        if not writing and not beside:
            return True
        self._upload(writing.values())
        try:
            self._commit(source, writing, beside)
        except RowChangedError:
            return False
        return True

    def _commit(self, source: Source, writing: dict[str, Decision], beside: Sequence[Mapping[str, Any]]) -> None:
        writes = [
            RowWrite(decision.writes, decision.expected_rev)
            for decision in writing.values()
            if decision.writes is not None
        ]
        revs = tuple(
            (name, decision.writes.rev)
            for name, decision in writing.items()
            if decision.writes is not None and decision.journaled
        )
        journal = JournalEntry(self.new_id("jrn"), self.clock(), revs) if revs else None
        self.items.write(source.source_id, writes, journal, beside)

    def _upload(self, decisions: Iterable[Decision]) -> None:
        """Put large contents before the rows that name them; a crash in between leaves objects that nothing names."""
        uploads = [
            (*decision.upload, decision.writes.external_item_id)
            for decision in decisions
            if decision.upload is not None and decision.writes is not None
        ]
        self.items.fanout.map(lambda upload: self.objects.put_content(*upload), uploads)

    def _content_key(self, source: Source, now: int) -> Callable[[EncodedItem], str]:
        day = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%d")
        return lambda item: f"content/{source.tenant_id}/{source.source_id}/{day}/{item.content_hash}"

    def _view(self, source: Source, row: StagedRow, *, content: bool) -> StagedItem:
        document: dict[str, Any] = {}
        url = None
        if row.member is not None:
            document = decode_member(row.member)
        elif row.head is not None and row.content_key is not None:
            document = decode_member(row.head)
            if content:
                whole = decode_member(self.objects.read(row.content_key))
                if len(canonical_json(whole["content"])) <= LARGEST_ANSWER_BYTES:
                    document = whole
                else:
                    url = self.objects.link(row.content_key)
        removed = row.state is ItemState.REMOVED and row.removed_at is not None
        return StagedItem(
            external_item_id=row.external_item_id,
            state=row.state,
            title=row.title,
            details=details_in(document),
            content=document.get("content") if content else None,
            content_url=url,
            content_hash=row.content_hash,
            content_bytes=row.content_bytes,
            source_version=row.source_version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            removed_at=row.removed_at,
            tombstone_due_at=(row.removed_at or 0) + source.grace_days * MS_PER_DAY if removed else None,
            tombstoned_at=row.tombstoned_at,
        )


def _row_of(decision: Decision) -> StagedRow:
    if decision.row is None:
        raise ItemNotFoundError
    return decision.row


def _chunks(names: Sequence[str], decisions: dict[str, Decision]) -> Iterator[list[str]]:
    """Cut the names of rows to write into transactions of at most 99 rows and 3.5 MB."""
    chunk: list[str] = []
    size = 0
    for name in names:
        row = decisions[name].writes
        taken = 0 if row is None else row.size
        if chunk and (len(chunk) == ROWS_PER_TRANSACTION or size + taken > BYTES_PER_TRANSACTION):
            yield chunk
            chunk, size = [], 0
        chunk.append(name)
        size += taken
    if chunk:
        yield chunk
