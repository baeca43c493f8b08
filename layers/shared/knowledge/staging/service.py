"""The staging set as tenants use it: pushing, removing, restoring and reading items."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.errors import (
    InvalidPositionError,
    ItemNotFoundError,
    StaleVersionError,
)
from knowledge.items.answer_size import how_many_fit
from knowledge.items.content import decode_member, encode_item
from knowledge.items.fields import details_in
from knowledge.items.model import ItemDraft, Removal
from knowledge.limits import ANSWER_BYTES
from knowledge.pages import Page
from knowledge.ports import Clock
from knowledge.revisions import Expected
from knowledge.sources.model import Source
from knowledge.staging.item_count import sum_items
from knowledge.staging.model import ItemResult, ItemState, Pending, PushResult, StagedItem
from knowledge.staging.rows import SLOTS, StagedRow
from knowledge.staging.rules import Decision, Push, Restore, StagingCommand
from knowledge.staging.stores import StagingStores
from knowledge.staging.writing import StagingWriter
from knowledge.storage.format import canonical_json
from knowledge.times import MS_PER_DAY

_ROWS_LOOKED_AT = 5_000
# Of a journal, of which each names up to 99 items in some 3 KB.
_ENTRIES_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class StagingService:
    """What can be done with the items of a source."""

    stores: StagingStores
    writer: StagingWriter
    clock: Clock

    def push_items(
        self,
        source: Source,
        items: Sequence[ItemDraft],
        removals: Sequence[Removal] = (),
        *,
        key_id: str | None = None,
    ) -> list[ItemResult]:
        """Stage items and removals; results for the items, then for the removals, each in the order given.

        No id may be named twice. Raises SourceInactiveError on an archived source, StagingConflictError when other
        writers do not let go of a row, in which case the chunks before it stand.
        """
        commands: list[StagingCommand] = [Push(encode_item(item), item.source_version) for item in items]
        commands.extend(removals)
        decisions = self._stage(source, commands, key_id)
        return [
            ItemResult(command.external_item_id, decisions[command.external_item_id].result) for command in commands
        ]

    def push_item(
        self, source: Source, item: ItemDraft, *, key_id: str | None = None, expected: Expected | None = None
    ) -> tuple[StagedItem, PushResult]:
        """Stage one item. Raises StaleVersionError when a newer `source_version` is staged.

        Raises PreconditionFailedError when it would change another item than the `expected` one.
        """
        push = Push(encode_item(item), item.source_version, expected)
        decision = self._stage(source, [push], key_id)[item.external_item_id]
        if decision.result is PushResult.STALE:
            raise StaleVersionError
        return self._view(source, _row_of(decision), content=True), decision.result

    def remove_item(
        self,
        source: Source,
        external_item_id: str,
        source_version: int | None = None,
        *,
        key_id: str | None = None,
        expected: Expected | None = None,
    ) -> StagedItem:
        """Remove an item. Raises ItemNotFoundError when there is none to remove.

        Raises PreconditionFailedError when it is not the `expected` one.
        """
        removal = Removal(external_item_id, source_version, expected)
        decision = self._stage(source, [removal], key_id)[external_item_id]
        if decision.result is PushResult.STALE:
            raise StaleVersionError
        if decision.result is PushResult.UNCHANGED:
            raise ItemNotFoundError
        return self._view(source, _row_of(decision), content=False)

    def restore_item(self, source: Source, external_item_id: str, *, key_id: str | None = None) -> StagedItem:
        """Bring a removed or tombstoned item back with its last content; an active one stays as it is."""
        decision = self._stage(source, [Restore(external_item_id)], key_id)[external_item_id]
        return self._view(source, _row_of(decision), content=True)

    def get_item(self, source: Source, external_item_id: str) -> StagedItem:
        """Read an item with its content. Raises ItemNotFoundError when there is none."""
        row = self.stores.items.read_rows(source.source_id, [external_item_id], self.clock()).get(external_item_id)
        if row is None or row.is_mark:
            raise ItemNotFoundError
        return self._view(source, row, content=True)

    def list_items(
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
            if alive and not row.is_mark and state in (None, row.state):
                size += 1024 + (row.content_bytes if include_content else 0) + len(row.head or b"") * 4
                if chosen and (len(chosen) == limit or size > ANSWER_BYTES):
                    return self._page(source, chosen, position, include_content)
                chosen.append(row)
            position = row.external_item_id
            if looked_at >= _ROWS_LOOKED_AT:
                return self._page(source, chosen, position, include_content)
        return self._page(source, chosen, None, include_content)

    def find_pending(self, source: Source) -> tuple[Source, Pending | None]:
        """Read how much was staged that is not published, and the source as it is then.

        None while a publication is being tidied up, since its journal is then neither what it was nor what it will be.
        After a restore there is `more`: what separates the two states stands in no journal. Two calls, 200 entries;
        where there are more, nothing tells how many items are staged.
        """
        entries, more = self.stores.journal.read_first(source.source_id, _ENTRIES_LOOKED_AT)
        after = self.stores.sources.get_source(source.tenant_id, source.source_id)
        if (source.settle_run_id, after.settle_run_id, after.sequence) != (None, None, source.sequence):
            return after, None
        names = {name for entry in entries for name, _ in entry.revs}
        return after, Pending(
            changes=len(names),
            more=more or after.full_required,
            oldest_at=next((entry.written_at for entry in entries if entry.revs), None),
            staged_items=None if more else sum_items(after.covered_items, (entry.net for entry in entries)),
        )

    def _page(
        self, source: Source, rows: Sequence[StagedRow], position: str | None, include_content: bool
    ) -> Page[StagedItem]:
        """Show rows, as many as fit into 4 MB. What a row takes in an answer is known only now that it is unpacked."""
        views = self.stores.fanout.map(lambda row: self._view(source, row, content=include_content), rows)
        count = how_many_fit(views)
        return Page(views, position) if count == len(views) else Page(views[:count], views[count - 1].external_item_id)

    def _merged(self, source_id: str, prefix: str, after: str | None, limit: int) -> Iterator[StagedRow]:
        share = limit // len(SLOTS) + 2
        slots = [
            self.stores.items.list_slot(source_id, slot, prefix=prefix, after=after, limit=share) for slot in SLOTS
        ]
        return heapq.merge(*slots, key=lambda row: row.external_item_id)

    def _stage(self, source: Source, commands: Sequence[StagingCommand], key_id: str | None) -> dict[str, Decision]:
        return self.writer.stage_commands(
            source, commands, epoch=source.epoch, touch=source.open_snapshot_id is not None, key_id=key_id
        )

    def _view(self, source: Source, row: StagedRow, *, content: bool) -> StagedItem:
        document: dict[str, Any] = {}
        url = None
        if row.member is not None:
            document = decode_member(row.member)
        elif row.head is not None and row.content_key is not None:
            document = decode_member(row.head)
            if content:
                whole = decode_member(self.stores.objects.read_object(row.content_key))
                if len(canonical_json(whole["content"])) <= ANSWER_BYTES:
                    document = whole
                else:
                    url = self.stores.objects.make_link(row.content_key)
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
            key_id=row.key_id,
        )


def _row_of(decision: Decision) -> StagedRow:
    if decision.row is None or decision.row.is_mark:
        raise ItemNotFoundError
    return decision.row
