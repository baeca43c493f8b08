"""What a command comes to, given the row that is staged."""

from __future__ import annotations

import random

import pytest
from knowledge.items.content import encode_item
from knowledge.items.model import ItemDraft, Removal
from knowledge.staging.model import ItemState, PushResult
from knowledge.staging.rows import StagedRow
from knowledge.staging.rules import Decision, Push, Restore, StagingCommand, WriteContext, chained, decide

NOW = 1_700_000_000_000
LATER = NOW + 10_000


LARGE = random.Random(5).randbytes(12_000).hex()


def push(content: str = "one", source_version: int | None = None) -> Push:
    return Push(encode_item(ItemDraft("id", "title", content)), source_version)


def decision(command: StagingCommand, row: StagedRow | None, now: int = LATER, *, touch: bool = False) -> Decision:
    return decide(command, row, WriteContext(now, 3, touch), lambda item: f"content/{item.content_hash}")


def staged(state: ItemState = ItemState.ACTIVE, source_version: int | None = None) -> StagedRow:
    row = decision(push(source_version=source_version), None, NOW).writes
    assert row is not None
    if state is not ItemState.ACTIVE:
        row = row._replace(state=state, removed_at=NOW)
    if state is ItemState.TOMBSTONED:
        row = row._replace(tombstoned_at=NOW, expires_at=NOW // 1000 + 100)
    return row


@pytest.mark.parametrize(
    ("command", "row", "result", "writes"),
    [
        (push(), None, PushResult.CREATED, True),
        (push(), staged(), PushResult.UNCHANGED, False),
        (push("two"), staged(), PushResult.UPDATED, True),
        (push(), staged(ItemState.REMOVED), PushResult.UPDATED, True),
        (push(), staged(ItemState.TOMBSTONED), PushResult.CREATED, True),
        (Removal("id"), None, PushResult.UNCHANGED, False),
        (Removal("id"), staged(), PushResult.REMOVED, True),
        (Removal("id"), staged(ItemState.REMOVED), PushResult.UNCHANGED, False),
        (Removal("id"), staged(ItemState.TOMBSTONED), PushResult.UNCHANGED, False),
        (Restore("id"), None, PushResult.UNCHANGED, False),
        (Restore("id"), staged(), PushResult.UNCHANGED, False),
        (Restore("id"), staged(ItemState.REMOVED), PushResult.UPDATED, True),
        (Restore("id"), staged(ItemState.TOMBSTONED), PushResult.CREATED, True),
        (push("two", 4), staged(source_version=5), PushResult.STALE, False),
        (push("two", 5), staged(source_version=5), PushResult.UPDATED, True),
        (push("two"), staged(source_version=5), PushResult.UPDATED, True),
        (Removal("id", 4), staged(source_version=5), PushResult.STALE, False),
        (push(source_version=6), staged(source_version=5), PushResult.UNCHANGED, True),
        (push(source_version=5), staged(source_version=5), PushResult.UNCHANGED, False),
    ],
)
def test_result(command: StagingCommand, row: StagedRow | None, result: PushResult, writes: bool) -> None:
    made = decision(command, row)
    after = made.writes or row
    active = [each is not None and each.state is ItemState.ACTIVE for each in (row, after)]
    assert made.net == active[1] - active[0]
    assert made.journaled or not made.net, "no entry would tell of it"
    assert made.result is result
    assert (made.writes is not None) == writes
    if made.writes is not None:
        assert made.expected_rev == (None if row is None else row.rev)
        assert made.writes.rev > (0 if row is None else row.rev)


def test_higher_version_alone_is_not_journaled_while_the_item_is_active() -> None:
    made = decision(push(source_version=6), staged(source_version=5))
    assert made.writes is not None
    assert (made.writes.source_version, made.journaled) == (6, False)


def test_higher_version_of_a_removed_item_is_journaled_since_it_moves_the_rev_a_plan_may_mark() -> None:
    made = decision(Removal("id", 9), staged(ItemState.REMOVED, source_version=5))
    assert made.writes is not None
    assert (made.result, made.writes.source_version, made.journaled) == (PushResult.UNCHANGED, 9, True)


def test_unversioned_write_does_not_lower_the_bar_for_versioned_ones() -> None:
    made = decision(push("two"), staged(source_version=5))
    assert made.writes is not None
    assert made.writes.source_version == 5


def test_removal_keeps_the_content_and_notes_the_time() -> None:
    row = staged()
    made = decision(Removal("id"), row)
    assert made.writes is not None
    assert (made.writes.state, made.writes.removed_at, made.writes.member) == (ItemState.REMOVED, LATER, row.member)


def test_restore_clears_every_trace_of_the_removal() -> None:
    made = decision(Restore("id"), staged(ItemState.TOMBSTONED))
    assert made.writes is not None
    assert (made.writes.removed_at, made.writes.tombstoned_at, made.writes.expires_at) == (None, None, None)


def test_rev_grows_even_when_the_clock_does_not() -> None:
    row = staged()
    made = decision(push("two"), row, NOW - 5000)
    assert made.writes is not None
    assert made.writes.rev == row.rev + 1


@pytest.mark.parametrize("command", [push(), Restore("id")])
def test_unchanged_push_leaves_its_epoch_while_a_snapshot_is_open(command: StagingCommand) -> None:
    row = staged()._replace(epoch=2)
    made = decision(command, row, touch=True)
    assert made.writes is not None
    assert (made.result, made.writes.epoch, made.journaled) == (PushResult.UNCHANGED, 3, False)
    assert decision(command, made.writes, touch=True).writes is None


def test_epoch_of_a_row_never_goes_back() -> None:
    made = decision(push("two"), staged()._replace(epoch=9))
    assert made.writes is not None
    assert made.writes.epoch == 9


def test_row_carries_the_fingerprints_of_what_was_pushed_and_keeps_them_through_removals() -> None:
    first, second = push("one"), push("two")
    row = decision(first, None, NOW).writes
    assert row is not None
    assert row.fields == first.item.fields
    removed = decision(Removal("id"), row).writes
    assert removed is not None
    assert removed.fields == first.item.fields
    restored = decision(Restore("id"), removed).writes
    assert restored is not None
    assert restored.fields == first.item.fields
    updated = decision(second, row).writes
    assert updated is not None
    assert updated.fields == second.item.fields != first.item.fields


def test_mark_of_a_version_has_no_fingerprints() -> None:
    made = decision(Removal("id", 5), None)
    assert made.writes is not None
    assert made.writes.is_mark
    assert made.writes.fields == b""


def in_turn(row: StagedRow | None, *commands: Push) -> Decision:
    """Decide on commands one on the other, and make one decision of them."""
    made: Decision | None = None
    for command in commands:
        then = decision(command, row)
        row = row if then.writes is None else then.writes
        made = then if made is None else chained(made, then)
    assert made is not None
    return made


def test_decisions_in_turn_put_the_last_row_on_condition_of_the_first_read() -> None:
    row = staged()
    made = in_turn(row, push("two"), push("three"), push("three"))
    last = decision(push("three"), decision(push("two"), row).writes)
    assert (made.writes, made.expected_rev, made.journaled) == (last.writes, row.rev, True)


def test_decisions_in_turn_on_what_was_not_there_make_a_new_row() -> None:
    made = in_turn(None, push("one"), push("two"))
    assert (made.expected_rev, made.writes and made.writes.content_hash) == (None, push("two").item.content_hash)


def test_what_is_unchanged_in_turn_writes_nothing() -> None:
    row = decision(push("one"), None).writes
    assert in_turn(row, push("one"), push("one")).writes is None
    assert in_turn(row, push("one"), push("two")).expected_rev == (row and row.rev)


def test_upload_goes_with_the_row_that_names_it() -> None:
    large, version = push(LARGE), push(LARGE, source_version=4)
    # The second changes the version alone, and the content that the first brings is still to be put.
    made = in_turn(None, large, version)
    assert made.upload is not None
    assert made.writes is not None
    assert (made.writes.content_key, made.writes.source_version) == (made.upload[0], 4)
    assert in_turn(None, large, push("small")).upload is None
