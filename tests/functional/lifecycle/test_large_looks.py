"""Looks of the upkeep at a source whose index is larger than a call has time for; reads of leaves are its time."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.index import trie
from knowledge.upkeep import marking

from testing.faults import Call, Crash, Way

GARBAGE = "runs/{}/{}/run_x/att_y/pack"


class Clockwork:
    """So many reads of leaves to a call: behind them there is no more time, or the call is killed."""

    def __init__(self, lifecycle: Any, reads: int, *, kills: bool = False) -> None:
        self.lifecycle = lifecycle
        self.reads = reads
        self.kills = kills
        self.looks = 0
        self.left = reads
        lifecycle.watch.gate = self._count

    def _count(self, call: Call) -> Way | None:
        self.left -= call.operation == "get_object" and "/leaf-" in call.request["Key"]
        return Way.DIE_BEFORE if self.kills and self.left < 0 else None

    def look(self) -> Any:
        """One look of the collector; None when it was killed."""
        self.looks += 1
        assert self.looks < 100, "the walk does not end"
        self.left = self.reads
        source, collector = self.lifecycle.source, self.lifecycle.knowledge.upkeep.collector
        try:
            return collector.collect_garbage(source, lambda: self.left > 0)
        except Crash:
            return None


@pytest.fixture(autouse=True)
def _small_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 2)
    monkeypatch.setattr(marking, "_LEAVES_AT_A_TIME", 1)
    monkeypatch.setattr(marking, "_LEAVES_A_NOTE", 5)


@pytest.fixture
def large(lean_lifecycle: Any) -> Any:
    """Two generations of 60 items, whose objects are three days old, and an object that nothing names."""
    life = lean_lifecycle
    life.push_many({f"item-{number:02d}": "text" for number in range(60)})
    life.publish()
    life.push_many({f"item-{number:02d}": "new" for number in range(0, 60, 6)})
    life.publish()
    key = GARBAGE.format(life.tenant_id, life.source_id)
    life.clients.s3.put_object(Bucket="b", Key=key, Body=b"x", IfNoneMatch="*")
    life.clock.advance(days=3)
    return life


def leaves(life: Any) -> int:
    return sum("/leaf-" in key for key in life.bucket.objects)


def garbage_is_there(life: Any) -> bool:
    return GARBAGE.format(life.tenant_id, life.source_id) in life.bucket.objects


def test_index_larger_than_a_call_is_read_by_several(large: Any) -> None:
    time = Clockwork(large, 10)
    there, looks = leaves(large), 0
    assert there > 40
    before = set(large.bucket.objects)
    while garbage_is_there(large):
        looks += 1
        collected = time.look()
        if garbage_is_there(large):
            assert (collected.deleted, collected.packs) == (0, {})
            assert before <= set(large.bucket.objects)
    assert looks == -(-there // 10)
    assert collected.deleted == 1
    # What is told of packs is of the current generation, of whatever look it was.
    assert sum(use.items for use in collected.packs.values()) == 60
    large.watch.gate = None
    large.check(settled=True, leaf_entries=2)
    # The notes of the walk go as everything does that nothing names.
    large.clock.advance(days=9)
    large.knowledge.upkeep.collector.collect_garbage(large.source)
    assert not [key for key in large.bucket.objects if "/marks-" in key]


def test_look_that_is_killed_again_and_again_goes_on_where_it_was(large: Any) -> None:
    time = Clockwork(large, 8, kills=True)
    there, looks = leaves(large), 0
    while garbage_is_there(large):
        time.look()
        looks += 1
    # Of eight reads five are noted.
    assert looks <= -(-there // 5)
    large.watch.gate = None
    large.check(settled=True, leaf_entries=2)


def test_what_is_published_while_the_walk_goes_on_is_walked_before_it_ends(large: Any) -> None:
    time = Clockwork(large, 10)
    for number in range(3):
        time.look()
        # Its pack is a day old before the walk ends, and the leaves that name it sort before its place.
        large.push_many({f"item-{number + 1:02d}": "while it walks", f"late-{number}": "while it walks"})
        large.publish()
        large.clock.advance(days=2)
    served = large.served()
    while garbage_is_there(large):
        time.look()
    large.watch.gate = None
    assert large.served() == served
    large.check(settled=True, leaf_entries=2)


def test_walk_whose_note_is_gone_begins_anew(large: Any) -> None:
    time = Clockwork(large, 10)
    time.look()
    notes = [key for key in large.bucket.objects if "/marks-" in key]
    assert notes
    for key in notes:
        del large.bucket.objects[key]
    looks = 0
    while garbage_is_there(large):
        time.look()
        looks += 1
    assert looks == -(-leaves(large) // 10)
    large.watch.gate = None
    # They are written again, with the same bytes.
    large.watch.puts.overwritten.clear()
    large.check(settled=True, leaf_entries=2)


def test_generation_that_is_retired_while_the_walk_goes_on_loses_its_objects_later(large: Any) -> None:
    time = Clockwork(large, 10)
    time.look()
    for number in range(11):
        large.push_many({"item-07": f"again {number}"})
        large.publish()
    large.clock.advance(days=40)
    looks = 0
    while garbage_is_there(large):
        time.look()
        looks += 1
    large.watch.gate = None
    served = large.served()
    collector = large.knowledge.upkeep.collector
    assert collector.collect_garbage(large.source).retired == 0
    assert large.served() == served
    large.check(settled=True, leaf_entries=2)


def test_large_look_is_one_of_a_round(large: Any) -> None:
    """It takes the rest of its call, and no more: the next call begins behind it."""
    for source in ("zz-1", "zz-2"):
        key = f"runs/{large.tenant_id}/{source}/r/a"
        large.clients.s3.put_object(Bucket="b", Key=key, Body=b"", IfNoneMatch="*")
    large.clients.dynamodb.delete_item(
        TableName=large.settings.catalog_table, Key={"pk": {"S": "upkeep"}, "sk": {"S": "round"}}
    )
    time = Clockwork(large, 10)
    upkeep = large.knowledge.upkeep
    first = upkeep.go_on(lambda: time.left > 0)
    assert (first.sources, first.failed, first.ended) == (1, 0, False)
    time.left = 10
    second = upkeep.go_on(lambda: time.left > 0)
    assert (second.sources, second.failed, second.ended) == (2, 0, True)
    assert garbage_is_there(large)
    large.clock.advance(days=1)
    time.left = 1_000
    assert upkeep.go_on(lambda: time.left > 0).deleted >= 1
    assert not garbage_is_there(large)
