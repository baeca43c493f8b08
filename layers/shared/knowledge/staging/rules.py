"""What a command comes to, given the row that is staged. Pure.

| command | absent | active, same | active, differs | removed | tombstoned |
|---|---|---|---|---|---|
| push | created | unchanged | updated | updated | created |
| remove | unchanged, a mark if versioned | removed | removed | unchanged | unchanged |
| restore | (not found) | unchanged | unchanged | updated | created |
| sweep | unchanged | removed unless pushed since | the same | unchanged | unchanged |

A command with a lower `source_version` than the row's is `stale`. A higher one with nothing else to change writes an
active row without a journal entry: no run has to look at it. A removed row is named all the same, since a plan may be
about to mark it by the rev it had.

A mark is what an erasure leaves of an item, too: the item is gone, and an older push stays `stale`.

A mark is a tombstone of nothing: it remembers the version of a removal that came before the item did, for as long as a
tombstone is remembered, and counts as absent otherwise.

While a snapshot is open, a push that changes nothing still leaves its mark (`WriteContext.touch`): the row's epoch
tells the completion that somebody pushed the item since. A snapshot's own parts write the epoch before it, so that an
item which a repeated part no longer names does not stay for having been named once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from knowledge.items.content import EncodedItem
from knowledge.items.model import Removal
from knowledge.limits import TOMBSTONE_KEPT_MS
from knowledge.revisions import Expected
from knowledge.staging.model import ItemState, PushResult, item_revision
from knowledge.staging.rows import StagedRow


@dataclass(frozen=True, slots=True)
class Push:
    """A command to stage an item."""

    item: EncodedItem
    source_version: int | None
    expected: Expected | None = None

    @property
    def external_item_id(self) -> str:
        """The item that is meant."""
        return self.item.external_item_id


@dataclass(frozen=True, slots=True)
class Restore:
    """A command to bring an item back with the content it had."""

    external_item_id: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """A command to remove an item that a snapshot does not name, unless somebody pushed it since `epoch` began."""

    external_item_id: str
    epoch: int


StagingCommand = Push | Removal | Restore | Sweep


@dataclass(frozen=True, slots=True)
class WriteContext:
    """What a decision depends on beside command and row: the time (ms), the epoch, whether to write it anyway.

    `key_id` is the key that the row is written for. `erasures` is the source's erasure epoch; while an
    erasure is being opened (`opening`) rows of an older one may be about to become stubs, so a push of what is staged
    already is written all the same.
    """

    now: int
    epoch: int
    touch: bool = False
    key_id: str | None = None
    erasures: int = 0
    opening: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do: the row to put (None: nothing) on condition of `expected_rev`, and whether the journal names it.

    `expected_state` is a condition, too, where a command wants to find something: an item that is marked as dropped
    keeps its rev. `row` is the row as it is afterwards; `upload` is a key and a member to put into the bucket first.
    `net` is by how many active items there are more: 1, 0 or -1.
    """

    result: PushResult
    row: StagedRow | None
    writes: StagedRow | None = None
    expected_rev: int | None = None
    expected_state: ItemState | None = None
    journaled: bool = False
    upload: tuple[str, bytes] | None = None
    net: int = 0


def decide(
    command: StagingCommand, row: StagedRow | None, at: WriteContext, content_key: Callable[[EncodedItem], str]
) -> Decision:
    """Decide on one command; `content_key` names the object of an item that is too large for its row.

    Raises PreconditionFailedError when the row is not what the command wants to find.
    """
    decision = _decided(command, row, at, content_key)
    if isinstance(command, Push | Removal) and command.expected is not None:
        return _held(command.expected, row, decision)
    return decision


def _decided(
    command: StagingCommand, row: StagedRow | None, at: WriteContext, content_key: Callable[[EncodedItem], str]
) -> Decision:
    if isinstance(command, Restore):
        return _restored(row, at)
    if isinstance(command, Sweep):
        if row is None or row.epoch >= command.epoch:
            return Decision(PushResult.UNCHANGED, row)
        return _removed(command.external_item_id, None, row, at)
    if row is not None and None not in (command.source_version, row.source_version):
        older = (command.source_version or 0) < (row.source_version or 0)
        if older:
            return Decision(PushResult.STALE, row)
    if isinstance(command, Removal):
        return _removed(command.external_item_id, command.source_version, row, at)
    return _pushed(command, row, at, content_key)


def _held(expected: Expected, row: StagedRow | None, decision: Decision) -> Decision:
    """Hold a decision to what its command wants to find, unless it is stale, or leaves the item as it is.

    What changes nothing may be the repeat of a write whose answer was lost. A tombstone counts as gone, as for a push
    of it, which is answered `created`; who names its revision knows it and means it.
    """
    found = None if row is None or row.is_mark else item_revision(row)
    written = decision.writes
    changes = written is not None and (written.is_mark or item_revision(written) != found)
    if decision.result is PushResult.STALE or not (changes or expected.absent):
        return decision
    expected.check(found, there=row is not None and row.state is not ItemState.TOMBSTONED)
    return replace(decision, expected_state=None if row is None else row.state)


def chained(first: Decision, then: Decision) -> Decision:
    """Make one of two decisions on an item, the second of which was made on what the first leaves."""
    if then.writes is None or first.writes is None:
        return then if first.writes is None else first
    upload = then.upload
    if upload is None and first.upload is not None and first.upload[0] == then.writes.content_key:
        upload = first.upload
    journaled = first.journaled or then.journaled
    return replace(then, expected_rev=first.expected_rev, journaled=journaled, upload=upload, net=first.net + then.net)


def _pushed(
    command: Push, row: StagedRow | None, at: WriteContext, content_key: Callable[[EncodedItem], str]
) -> Decision:
    item, now = command.item, at.now
    same = row is not None and row.state is ItemState.ACTIVE and row.content_hash == item.content_hash
    if row is not None and same and not (at.opening and row.erasures < at.erasures):
        return _unchanged(command.source_version, row, at, touch=at.touch)
    fresh = row is None or row.state is ItemState.TOMBSTONED
    key = None if item.head is None else content_key(item)
    written = StagedRow(
        external_item_id=item.external_item_id,
        rev=next_rev(row, now),
        state=ItemState.ACTIVE,
        title=item.title,
        content_hash=item.content_hash,
        content_bytes=item.content_bytes,
        fields=item.fields,
        member=item.member if key is None else None,
        head=item.head,
        content_key=key,
        source_version=_version(command.source_version, row),
        epoch=_epoch(row, at),
        created_at=now if row is None or fresh else row.created_at,
        updated_at=now,
        key_id=at.key_id,
        erasures=at.erasures,
    )
    return Decision(
        PushResult.CREATED if fresh else PushResult.UNCHANGED if same else PushResult.UPDATED,
        written,
        written,
        None if row is None else row.rev,
        journaled=True,
        upload=None if key is None else (key, item.member),
        net=0 if row is not None and row.state is ItemState.ACTIVE else 1,
    )


def _removed(external_item_id: str, source_version: int | None, row: StagedRow | None, at: WriteContext) -> Decision:
    if row is None or row.is_mark:
        return _marked(external_item_id, source_version, row, at)
    if row.state is not ItemState.ACTIVE:
        return _unchanged(source_version, row, at, touch=False)
    written = row._replace(
        rev=next_rev(row, at.now),
        state=ItemState.REMOVED,
        source_version=_version(source_version, row),
        epoch=_epoch(row, at),
        updated_at=at.now,
        removed_at=at.now,
        key_id=at.key_id,
    )
    return Decision(PushResult.REMOVED, written, written, row.rev, journaled=True, net=-1)


def _marked(external_item_id: str, source_version: int | None, row: StagedRow | None, at: WriteContext) -> Decision:
    if source_version is None or (row is not None and row.source_version == source_version):
        return Decision(PushResult.UNCHANGED, row)
    written = StagedRow(
        external_item_id=external_item_id,
        rev=next_rev(row, at.now),
        state=ItemState.TOMBSTONED,
        title="",
        content_hash="",
        content_bytes=0,
        fields=b"",
        member=None,
        head=None,
        content_key=None,
        source_version=source_version,
        epoch=_epoch(row, at),
        created_at=at.now,
        updated_at=at.now,
        expires_at=(at.now + TOMBSTONE_KEPT_MS) // 1000,
        key_id=at.key_id,
    )
    return Decision(PushResult.UNCHANGED, written, written, None if row is None else row.rev)


def _restored(row: StagedRow | None, at: WriteContext) -> Decision:
    if row is None or row.is_mark:
        return Decision(PushResult.UNCHANGED, None)
    if row.state is ItemState.ACTIVE:
        return _unchanged(None, row, at, touch=at.touch)
    result = PushResult.CREATED if row.state is ItemState.TOMBSTONED else PushResult.UPDATED
    written = row._replace(
        rev=next_rev(row, at.now),
        state=ItemState.ACTIVE,
        epoch=_epoch(row, at),
        updated_at=at.now,
        removed_at=None,
        tombstoned_at=None,
        expires_at=None,
        key_id=at.key_id,
    )
    return Decision(result, written, written, row.rev, journaled=True, net=1)


def _unchanged(source_version: int | None, row: StagedRow, at: WriteContext, *, touch: bool) -> Decision:
    higher = source_version is not None and (row.source_version is None or source_version > row.source_version)
    if not higher and not (touch and row.epoch < at.epoch):
        return Decision(PushResult.UNCHANGED, row)
    written = row._replace(
        rev=next_rev(row, at.now),
        source_version=source_version if higher else row.source_version,
        epoch=_epoch(row, at),
    )
    return Decision(PushResult.UNCHANGED, written, written, row.rev, journaled=row.state is ItemState.REMOVED)


def _epoch(row: StagedRow | None, at: WriteContext) -> int:
    return at.epoch if row is None else max(row.epoch, at.epoch)


def _version(asked: int | None, row: StagedRow | None) -> int | None:
    """An unversioned write is taken, and does not lower the bar for versioned ones."""
    return asked if asked is not None or row is None else row.source_version


def next_rev(row: StagedRow | None, now: int) -> int:
    """The next rev of a row: it always grows, also past a row that expired and was forgotten in between."""
    return now if row is None else max(row.rev + 1, now)
