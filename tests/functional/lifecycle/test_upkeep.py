"""Retention, the collector and compaction: nothing that is needed goes, and what is not goes in the end."""

from __future__ import annotations

import random
from typing import Any

import pytest
from knowledge.errors import GenerationRetiredError, NotApplyEligibleError
from knowledge.generations.model import GenerationOrigin
from knowledge.index import trie
from knowledge.runs.model import RunState
from knowledge.upkeep import collecting, compaction, scattered
from knowledge.upkeep.rounds import RoundReport
from search.engine import analysis as rules

from testing.faults import Crash, Way

LARGE = random.Random(3).randbytes(12_000).hex()


def forget_the_round(lifecycle: Any) -> None:
    """The tests of a module share a table, and each has a clock of its own."""
    key = {"pk": {"S": "upkeep"}, "sk": {"S": "round"}}
    lifecycle.clients.dynamodb.delete_item(TableName=lifecycle.settings.catalog_table, Key=key)


def tend(lifecycle: Any) -> RoundReport:
    """One round over the source of the test, which is alone in its bucket."""
    forget_the_round(lifecycle)
    report = lifecycle.knowledge.upkeep.go_on(lambda: True)
    assert (report.failed, report.ended) == (0, True)
    return report


def keys(lifecycle: Any, kind: str = "") -> list[str]:
    bucket = lifecycle.bucket.objects
    return sorted(key for key in bucket if key.startswith(kind))


def publish_daily(lifecycle: Any, days: int) -> list[str]:
    made = []
    for day in range(days):
        lifecycle.push_many({"a": f"day {day}", f"item-{day}": "text"})
        made.append(lifecycle.publish().generation_id)
        lifecycle.clock.advance(days=1)
    return made


def test_ten_generations_and_those_of_thirty_days_are_kept(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle = lean_lifecycle
    # A compaction would be one more.
    monkeypatch.setattr(scattered, "SMALL_OBJECTS", 100)
    made = publish_daily(lifecycle, 12)
    assert tend(lifecycle).retired == 0
    lifecycle.clock.advance(days=29)
    # Superseded 40 and 39 days ago; the ten after them are kept however old they are.
    report = tend(lifecycle)
    assert report.retired == 2
    # Their runs' changes. The objects they are served from are named by all that came after.
    assert report.deleted == 2
    for generation_id in made[:2]:
        assert (
            lifecycle.knowledge.generations.get_generation(lifecycle.source, generation_id).retired_at
            == lifecycle.clock()
        )
        with pytest.raises(GenerationRetiredError):
            lifecycle.served(generation_id)
        with pytest.raises(GenerationRetiredError):
            lifecycle.compare(made[-1], generation_id)
        with pytest.raises(GenerationRetiredError):
            lifecycle.roll_back(generation_id)
    for day, generation_id in enumerate(made[2:], start=2):
        assert lifecycle.served(generation_id)["a"] == f"day {day}"
    lifecycle.clock.advance(days=300)
    assert tend(lifecycle).retired == 0
    lifecycle.check()


def test_abandoned_objects_go_after_a_day_and_named_ones_stay(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    lifecycle.push(a="one", b=LARGE)
    abandoned = lifecycle.run()
    lifecycle.publish()
    tenant, source = lifecycle.tenant_id, lifecycle.source_id
    for key in (
        "index/{}/{}/gen_x/att_y/index-0000",
        "index/{}/{}/gen_x/att_y/pack-0000",
        "runs/{}/{}/run_x/att_y/pack",
    ):
        lifecycle.clients.s3.put_object(Bucket="b", Key=key.format(tenant, source), Body=b"x", IfNoneMatch="*")
    before = keys(lifecycle)
    assert tend(lifecycle).deleted == 0
    lifecycle.clock.advance(days=1)
    assert tend(lifecycle).deleted == 3
    assert lifecycle.changes(abandoned), "a run that may still be applied keeps its plan"
    lifecycle.clock.advance(days=7)
    report = tend(lifecycle)
    assert report.expired == 1
    assert len(before) - len(keys(lifecycle)) == 3 + report.deleted > 3
    assert lifecycle.knowledge.runs.get_run(lifecycle.source, abandoned.run_id).state is RunState.EXPIRED
    with pytest.raises(NotApplyEligibleError):
        lifecycle.apply(abandoned)
    assert lifecycle.served() == {"a": "one", "b": LARGE}
    lifecycle.check(settled=True)


def test_staged_contents_go_once_their_row_names_others(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    lifecycle.push_many({"a/ä": LARGE, "b": LARGE + "b", "c": LARGE + "c"})
    lifecycle.clock.advance(days=3)
    tend(lifecycle)
    assert len(keys(lifecycle, "content/")) == 3
    lifecycle.push_many({"a/ä": "small", "b": LARGE + "new"})
    lifecycle.clock.advance(days=1)
    tend(lifecycle)
    lifecycle.clock.advance(days=2)
    tend(lifecycle)
    assert len(keys(lifecycle, "content/")) == 2
    view = lifecycle.knowledge.staging.get_item(lifecycle.source, "b")
    assert (view.content, lifecycle.knowledge.staging.get_item(lifecycle.source, "c").content) == (
        LARGE + "new",
        LARGE + "c",
    )
    lifecycle.publish()
    lifecycle.check(settled=True)


def test_row_that_changed_just_now_keeps_the_content_before(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    lifecycle.push(a=LARGE)
    lifecycle.clock.advance(days=3)
    lifecycle.push(a="small")
    tend(lifecycle)
    assert len(keys(lifecycle, "content/")) == 1, "a run that read the row before may be about to read it"


def test_parts_of_a_snapshot_go_when_it_has_ended(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    snapshots = lifecycle.knowledge.snapshots
    from testing.lifecycle import draft

    opened = snapshots.open_snapshot(lifecycle.source, snapshot_id=lifecycle.ids("snp"))
    snapshots.put_part(lifecycle.source, opened.snapshot_id, 1, [draft("a", "one")])
    lifecycle.clock.advance(days=1, ms=-1)
    snapshots.put_part(lifecycle.source, opened.snapshot_id, 2, [draft("b", "two")])
    tend(lifecycle)
    assert len(keys(lifecycle, "snapshots/")) == 2
    snapshots.complete_snapshot(lifecycle.source, opened.snapshot_id)
    lifecycle.clock.advance(days=2)
    tend(lifecycle)
    assert keys(lifecycle, "snapshots/") == []


def test_source_in_which_nothing_changed_is_not_read_again(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    publish_daily(lifecycle, 3)
    lifecycle.clock.advance(days=8)
    for _ in range(2):
        tend(lifecycle)
        lifecycle.clock.advance(days=1)
    lifecycle.watch.calls.clear()
    tend(lifecycle)
    assert "get_object" not in {call.operation for call in lifecycle.watch.calls}


@pytest.mark.parametrize("damaged", ["manifest", "block of names"])
def test_unreadable_table_of_names_keeps_everything(lean_lifecycle: Any, damaged: str) -> None:
    """Whether its open rows can't be read, or those of a block that is full, which an older object holds."""
    lifecycle = lean_lifecycle
    publish_daily(lifecycle, 18)
    names = lifecycle.check().states[lifecycle.current.generation_id].names
    # Two a publication, so the seventeenth fills the first block.
    key = lifecycle.current.manifest.key if damaged == "manifest" else names[33][0]
    assert key.endswith("index-0000")
    body, metadata = lifecycle.bucket.objects[key]
    lifecycle.bucket.objects[key] = (b"damaged", metadata)
    before = keys(lifecycle)
    lifecycle.clock.advance(days=400)
    forget_the_round(lifecycle)
    report = lifecycle.knowledge.upkeep.go_on(lambda: True)
    assert (report.failed, keys(lifecycle)) == (1, before)
    lifecycle.bucket.objects[key] = (body, metadata)


def test_compaction_serves_the_same_from_fewer_packs(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle = lean_lifecycle
    monkeypatch.setattr(scattered, "SMALL_OBJECTS", 5)
    made = publish_daily(lifecycle, 8)
    before, served = lifecycle.current, lifecycle.served()
    lifecycle.clock.advance(days=1)
    assert tend(lifecycle).compacted == 1

    compacted = lifecycle.current
    assert (compacted.origin, compacted.base_generation_id) == (GenerationOrigin.COMPACTION, made[-1])
    assert (compacted.root_hash, compacted.counts.changes) == (before.root_hash, 0)
    assert lifecycle.served() == served
    assert lifecycle.compare(compacted.generation_id, before.generation_id) == {}
    assert lifecycle.run().plan.counts.changes == 0
    lifecycle.push(z="new")
    lifecycle.publish()
    lifecycle.check(settled=True)
    lifecycle.clock.advance(days=400)
    tend(lifecycle)
    assert lifecycle.served() == {**served, "z": "new"}


def test_half_dead_packs_are_compacted_for_what_they_waste(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle = lean_lifecycle
    monkeypatch.setattr(scattered, "_DEAD_BYTES", 10_000)
    monkeypatch.setattr(compaction, "PACK_BYTES", 30_000)
    lifecycle.push_many({f"item-{number}": f"{number}{LARGE}" for number in range(10)})
    lifecycle.publish()
    lifecycle.push_many({f"item-{number}": "small" for number in range(6)})
    lifecycle.publish()
    served = lifecycle.served()
    lifecycle.clock.advance(days=2)
    assert tend(lifecycle).compacted == 1
    assert lifecycle.served() == served
    packs = {key for key in keys(lifecycle, "index/") if "/pack-" in key}
    assert len(packs) > 1, "packs are bounded"
    lifecycle.clock.advance(days=2)
    assert tend(lifecycle).compacted == 0
    lifecycle.check()


def test_half_dead_index_objects_are_compacted_too(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle = lean_lifecycle
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 4)
    monkeypatch.setattr(scattered, "_DEAD_BYTES", 2_000)
    for number in range(5):
        lifecycle.push_many({f"item-{item}": f"text {number}" for item in range(40)})
        lifecycle.publish()
    before = lifecycle.check(settled=True, leaf_entries=4).states[lifecycle.current.generation_id]
    served = lifecycle.served()
    lifecycle.clock.advance(days=2)
    assert tend(lifecycle).compacted == 1
    after = lifecycle.check(leaf_entries=4).states[lifecycle.current.generation_id]
    named = [sum(size for key, size, _ in state.names if key and "/index-" in key) for state in (before, after)]
    assert named[0] > 2 * before.index_bytes
    assert named[1] < 2 * after.index_bytes
    assert lifecycle.served() == served
    lifecycle.clock.advance(days=2)
    assert tend(lifecycle).compacted == 0


def test_compaction_of_a_large_index_writes_several_objects(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle = lean_lifecycle
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 2)
    monkeypatch.setattr(scattered, "SMALL_OBJECTS", 3)
    monkeypatch.setattr(compaction, "_INDEX_BYTES", 2_000)
    monkeypatch.setattr(compaction, "_LEAVES_AT_A_TIME", 4)
    for number in range(4):
        lifecycle.push_many({f"item-{item}": f"text {number}" for item in range(number, 60)})
        lifecycle.publish()
    lifecycle.remove("item-7")
    lifecycle.publish()
    before, served = lifecycle.current, lifecycle.served()
    lifecycle.clock.advance(days=2)
    assert tend(lifecycle).compacted == 1
    assert len([key for key in keys(lifecycle, "index/") if "/index-" in key]) > 2
    assert (lifecycle.current.root_hash, lifecycle.served()) == (before.root_hash, served)
    lifecycle.check(leaf_entries=2)
    lifecycle.push_many({f"item-{item}": "new" for item in range(0, 60, 3)})
    lifecycle.publish()
    lifecycle.clock.advance(days=400)
    tend(lifecycle)
    stored = lifecycle.check(leaf_entries=2)
    assert all(each in stored.states for each in (lifecycle.current.generation_id, before.generation_id))


@pytest.mark.parametrize("first", ["compaction", "restore"])
def test_what_older_generations_alone_are_served_from_stays(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """The tables of names that are read are the latest, and the last before each compaction and restore."""
    lifecycle = lean_lifecycle
    monkeypatch.setattr(scattered, "SMALL_OBJECTS", 3)
    made = publish_daily(lifecycle, 4)
    served = {generation_id: lifecycle.served(generation_id) for generation_id in made}
    for kind in (first, "restore" if first == "compaction" else "compaction"):
        if kind == "restore":
            lifecycle.roll_back(made[0])
        else:
            lifecycle.clock.advance(days=2)
            assert tend(lifecycle).compacted == 1
        made.append(lifecycle.current.generation_id)
        served[made[-1]] = lifecycle.served()
        made += publish_daily(lifecycle, 2)
        served |= {generation_id: lifecycle.served(generation_id) for generation_id in made[-2:]}
    lifecycle.clock.advance(days=2)
    tend(lifecycle)
    assert {generation_id: lifecycle.served(generation_id) for generation_id in made} == served
    lifecycle.check()


def test_compaction_waits_for_a_run_that_may_be_applied(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle = lean_lifecycle
    monkeypatch.setattr(scattered, "SMALL_OBJECTS", 5)
    publish_daily(lifecycle, 8)
    lifecycle.push(z="new")
    run = lifecycle.run()
    lifecycle.clock.advance(days=2)
    assert tend(lifecycle).compacted == 0
    assert lifecycle.apply(run).counts.added == 1
    lifecycle.check(settled=True)


def test_round_goes_on_where_it_stopped(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    for tenant in ("t-1", "t-2"):
        for source in ("s-1", "s-2", "s-3"):
            lifecycle.clients.s3.put_object(Bucket="b", Key=f"runs/{tenant}/{source}/r/a", Body=b"", IfNoneMatch="*")
    lifecycle.clients.s3.put_object(Bucket="b", Key="content/t-1/s-4/d/h", Body=b"", IfNoneMatch="*")
    lifecycle.bucket.page = 2
    forget_the_round(lifecycle)
    seen = []
    for _ in range(9):
        turns = iter([True, False])
        report = lifecycle.knowledge.upkeep.go_on(lambda turns=turns: next(turns))
        seen.append((report.sources, report.ended))
        if report.ended:
            break
    assert seen == [(1, False)] * 6 + [(1, True)]
    assert lifecycle.knowledge.upkeep.go_on(lambda: True) == RoundReport(), "a round a day"
    lifecycle.clock.advance(days=1)
    assert lifecycle.knowledge.upkeep.go_on(lambda: True).sources == 7


def test_source_that_kills_its_call_twice_is_passed_over_until_the_next_round(
    lean_lifecycle: Any, caplog: pytest.LogCaptureFixture
) -> None:
    lifecycle = lean_lifecycle
    looked = look_at_three_where_the_second_kills(lifecycle)
    for _ in range(2):
        with pytest.raises(Crash):
            lifecycle.knowledge.upkeep.go_on(lambda: True)
    report = lifecycle.knowledge.upkeep.go_on(lambda: True)
    assert looked == ["s-1", "s-2", "s-2", "s-3"]
    assert (report.failed, report.ended) == (1, True)
    passed_over = [record for record in caplog.records if record.message == "upkeep_passed_over"]
    assert [vars(record)["source_id"] for record in passed_over] == ["s-2"]
    lifecycle.clock.advance(days=1)
    looked.clear()
    with pytest.raises(Crash):
        lifecycle.knowledge.upkeep.go_on(lambda: True)
    assert looked == ["s-1", "s-2"], "a new round tries it again"


def test_source_that_is_looked_at_in_time_at_the_second_try_has_two_tries_again(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    looked = look_at_three_where_the_second_kills(lifecycle)
    with pytest.raises(Crash):
        lifecycle.knowledge.upkeep.go_on(lambda: True)
    lifecycle.watch.gate = None
    assert lifecycle.knowledge.upkeep.go_on(lambda: True).sources == 2
    lifecycle.clock.advance(days=1)
    looked.clear()
    assert lifecycle.knowledge.upkeep.go_on(lambda: True).sources == 3


def look_at_three_where_the_second_kills(lifecycle: Any) -> list[str]:
    """Sources s-1 to s-3 whose looks are noted; that at s-2 dies, as one that outlives its call does."""
    for source in ("s-1", "s-2", "s-3"):
        lifecycle.clients.s3.put_object(Bucket="b", Key=f"runs/t-1/{source}/r/a", Body=b"", IfNoneMatch="*")
    forget_the_round(lifecycle)
    looked: list[str] = []

    def gate(call: Any) -> Way | None:
        key = call.request.get("Key", {}) if call.operation == "get_item" else {}
        source = key.get("sk", {}).get("S", "").rpartition("#")[2]
        if not source.startswith("s-"):
            return None
        looked.append(source)
        return Way.DIE_BEFORE if source == "s-2" else None

    lifecycle.watch.gate = gate
    return looked


def test_more_contents_than_a_look_asks_about_are_asked_about_by_several(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle = lean_lifecycle
    monkeypatch.setattr(collecting, "_CONTENTS_A_LOOK", 2)
    lifecycle.push_many({f"item-{number}": LARGE + str(number) for number in range(7)})
    lifecycle.clock.advance(days=3)
    lifecycle.push_many({f"item-{number}": "small" for number in range(6)})
    lifecycle.clock.advance(ms=3_600_000)
    asked, deleted = [], []
    for _ in range(5):
        lifecycle.watch.calls.clear()
        deleted.append(tend(lifecycle).deleted)
        asked.append(sum(call.operation == "head_object" for call in lifecycle.watch.calls))
    # The seventh is named by its row. The look at the last of them notes what there was, and the next reads nothing.
    assert asked == [2, 2, 2, 1, 0]
    assert sum(deleted) == 6
    assert len(keys(lifecycle, "content/")) == 1
    lifecycle.publish()
    lifecycle.check(settled=True)


@pytest.mark.parametrize("changed", ["code", "language"])
def test_other_rules_have_segments_built_anew_by_the_next_round(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    lifecycle = lean_lifecycle
    lifecycle.push_many({"a": "Die Häuser", "b": "two"})
    lifecycle.publish()
    lifecycle.clock.advance(days=2)
    assert tend(lifecycle).compacted == 0
    before = lifecycle.current.generation_id
    if changed == "code":
        # Its round does not wait for tomorrow.
        monkeypatch.setattr(rules, "VERSION", 99)
    else:
        source = lifecycle.source
        lifecycle.knowledge.sources.update_source(source.tenant_id, source.source_id, default_language="de")
        lifecycle.clock.advance(days=1)
    assert lifecycle.knowledge.upkeep.go_on(lambda: True).compacted == 1
    assert lifecycle.current.generation_id != before
    lifecycle.clock.advance(days=1)
    assert tend(lifecycle).compacted == 0
    lifecycle.check()
