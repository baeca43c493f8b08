"""A deletion of a source fails at every AWS call it makes, in every way; whoever comes next leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from knowledge.environments import Environment
from knowledge.errors import SourceNotFoundError
from knowledge.ids import encode_ulid
from knowledge.questions.model import CitedItem, KeptQuestion, Owner, QuestionKind, QuestionStatus
from knowledge.storage.attributes import from_row

from testing.faults import Way
from tests.faults.striking import FAILURES, strike_everywhere
from tests.support.erasing import WAIT_SECONDS, rows_of
from tests.support.faulty_world import FaultyWorld

NewWorld = Callable[..., FaultyWorld]
_ROUNDS = 8
OWN: tuple[str, ...] = ()
SHARED = ("src_other",)


def _begin(new_world: NewWorld) -> FaultyWorld:
    world = new_world(leaf_entries=2)
    world.push(a="one", b="two", c="three" * 9_000)
    world.publish()
    world.push(a="new")
    world.run()
    for number, sources in enumerate((OWN, OWN, SHARED, SHARED)):
        source_ids = frozenset({world.source_id, *sources})
        asked_at = world.clock()
        question = KeptQuestion(
            # Two partitions, with one of each.
            f"ans_{encode_ulid(asked_at << 80 | number)[:-1]}{number % 2}",
            Owner(world.tenant_id, Environment.LIVE),
            QuestionKind.QUESTION,
            "Why?",
            QuestionStatus.ANSWERED,
            source_ids,
            asked_at,
            cited=(CitedItem(world.source_id, "a"),),
        )
        world.clock.advance(ms=1)
        world.knowledge.stores.questions.put_question(question)
    world.knowledge.sources.archive_source(world.tenant_id, world.source_id)
    for row in rows_of(world):
        if "unrelayed" in row:
            world.dynamodb.update_item(
                TableName=world.settings.catalog_table,
                Key={"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}},
                UpdateExpression="REMOVE unrelayed",
            )
    return world


def _delete(world: FaultyWorld) -> None:
    sources = world.knowledge.sources
    with suppress(SourceNotFoundError):
        sources.delete_source(sources.find_source(world.tenant_id, world.source_id))
    for _ in range(_ROUNDS):
        failed = world.knowledge.deleter.go_on(lambda: True)
        if _row(world) is None:
            return
        if failed and world.watch.fired is not None:
            # What it was struck by was caught.
            return
        world.clock.advance(seconds=WAIT_SECONDS)
    raise AssertionError("the deletion does not end")


def _row(world: FaultyWorld, sk: str | None = None) -> dict[str, Any] | None:
    key = {"pk": {"S": world.tenant_id}, "sk": {"S": sk or f"source#{world.source_id}"}}
    item = world.dynamodb.get_item(TableName=world.settings.catalog_table, Key=key).get("Item")
    return None if item is None else from_row(item)


def _check_gone(world: FaultyWorld) -> None:
    left = list(rows_of(world))
    assert [row["sk"] for row in left if not row["sk"].startswith("event#")] == []
    told = [row for row in left if row.get("eventType") == "source.deleted"]
    assert len(told) == 1, "it is told of once"
    own = f"/{world.source_id}/"
    for objects in (world.bucket.objects, world.bucket.deleted):
        assert [key for key in objects if own in str(key)] == []
    assert _row(world) is None
    asked = [from_row(row) for row in world.dynamodb.scan(TableName=world.settings.questions_table)["Items"]]
    mine = [row for row in asked if row["pk"].startswith(f"{world.tenant_id}#")]
    assert [(row["sources"], row.get("cited")) for row in mine] == [(frozenset(SHARED), None)] * 2
    tally = _row(world, "sources")
    assert tally is not None
    assert tally["count"] == 0


def test_whoever_comes_next_leaves_nothing_of_a_deletion_that_was_struck(
    new_world: NewWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world = _begin(new_world)
    world.watch.calls.clear()
    _delete(world)
    calls = list(world.watch.calls)
    _check_gone(world)

    def strike(number: int, way: Way) -> None:
        world = _begin(new_world)
        world.watch.arm(number, way)
        with suppress(*FAILURES):
            _delete(world)
        assert world.watch.fired is not None, "the call was not reached"
        world.watch.disarm()
        world.clock.advance(seconds=WAIT_SECONDS)
        _delete_if_there(world)
        _check_gone(world)

    strike_everywhere("delete source", calls, strike, capsys)


def _delete_if_there(world: FaultyWorld) -> None:
    if _row(world) is not None:
        _delete(world)
