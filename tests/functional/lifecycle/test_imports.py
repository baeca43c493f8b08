"""Imports from the event to the generation, on Dynoxide."""

from __future__ import annotations

import gzip
import random
import tracemalloc

import pytest
from knowledge.imports import staging as import_staging
from knowledge.imports.model import Import

from testing.import_files import Importing, chunked, many, ndjson
from testing.lifecycle import Lifecycle


def direct_root_hash(life: Lifecycle, contents: dict[str, str]) -> str:
    """The root hash of a source that the same items are pushed to."""
    rival = Lifecycle(life.settings, life.clients, clock=life.clock, ids=life.ids)
    for batch in chunked(contents.items(), 1_000):
        rival.push_many(dict(batch))
    rival.publish()
    return rival.current.root_hash


@pytest.mark.parametrize("compressed", [False, True])
def test_import_serves_what_direct_pushes_would(importing: Importing, compressed: bool) -> None:
    contents = many(1_500)
    body = ndjson(contents)
    job = importing.whole(gzip.compress(body) if compressed else body)
    assert (job.state, job.lines, job.counts.created, job.rejected) == ("completed", 1_500, 1_500, 0)
    assert job.offset == job.plain_bytes == len(body)
    assert job.generation_id == importing.life.current.generation_id
    assert importing.life.current.root_hash == direct_root_hash(importing.life, contents)
    importing.life.check(settled=True)


def test_rows_and_checkpoint_are_one_transaction(importing: Importing) -> None:
    importing.life.watch.calls.clear()
    importing.whole(ndjson(many(980)), apply=False)
    staging = [call for call in importing.life.watch.calls if call.operation == "transact_write_items"]
    sizes = [len(call.request["TransactItems"]) for call in staging]
    assert sizes.count(100) == 10, "98 rows, their journal entry and the checkpoint"


def test_unchanged_lines_write_one_checkpoint_for_many(importing: Importing) -> None:
    body = ndjson(many(980))
    importing.whole(body, apply=False)
    importing.life.watch.calls.clear()
    job = importing.whole(body, apply=False)
    assert (job.counts.unchanged, job.counts.created) == (980, 0)
    rows = [
        action
        for call in importing.life.watch.calls
        if call.operation == "transact_write_items"
        for action in call.request["TransactItems"]
        if action.get("Put", {}).get("TableName") == importing.life.settings.items_table
    ]
    assert not rows
    assert sum(call.operation == "transact_write_items" for call in importing.life.watch.calls) <= 10


def test_import_without_apply_leaves_a_ready_run(importing: Importing) -> None:
    job = importing.whole(ndjson({"a": "one"}), apply=False)
    assert (job.state, job.generation_id) == ("completed", None)
    run = importing.life.knowledge.runs.get_run(importing.life.source, job.run_id)
    assert (run.state, run.plan.discovery, run.plan.counts.added) == ("ready", "complete", 1)


def test_snapshot_removes_what_the_file_does_not_name(importing: Importing) -> None:
    life = importing.life
    life.push(a="one", b="two", c="three")
    life.publish()
    job = importing.whole(ndjson({"a": "one", "d": "four"}), "snapshot")
    assert (job.state, job.counts.removed, job.counts.unchanged, job.counts.created) == ("completed", 2, 1, 1)
    states = {name: life.knowledge.staging.get_item(life.source, name).state for name in "abcd"}
    assert states == {"a": "active", "b": "removed", "c": "removed", "d": "active"}
    life.check(settled=True)


def test_snapshot_keeps_what_others_pushed_meanwhile(importing: Importing) -> None:
    life = importing.life
    life.push(a="one", b="two", c="three")
    importing.deliver(importing.upload(importing.create("snapshot"), ndjson({"a": "one"})))
    life.import_machine.run_until("IsStaged")
    # One is new, one is changed, and one is as it was: all three were pushed since.
    life.push(new="four", b="changed", c="three")
    importing.run()
    assert set(life.served()) == {"a", "new", "b", "c"}


def test_large_snapshot_asks_the_file_slot_by_slot(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_staging, "_IDS_AT_A_TIME", 10)
    life = importing.life
    life.push_many(many(40))
    kept = dict(list(many(40).items())[:25])
    job = importing.whole(ndjson(kept), "snapshot")
    assert (job.counts.removed, job.counts.unchanged) == (15, 25)
    assert life.served() == kept


def test_snapshot_with_a_bad_line_removes_nothing_and_says_so(importing: Importing) -> None:
    life = importing.life
    life.push(a="one", b="two")
    job = importing.whole(ndjson({"a": "new"}) + b"{}\n", "snapshot")
    assert (job.state, job.removals_skipped, job.counts.removed) == ("completed_with_errors", True, 0)
    assert life.served() == {"a": "new", "b": "two"}


@pytest.mark.parametrize("body", [b"", b"\n\r\n  \n", b"\xef\xbb\xbf"])
def test_empty_snapshot_removes_nothing(importing: Importing, body: bytes) -> None:
    importing.life.push(a="one")
    job = importing.whole(body, "snapshot")
    assert (job.state, job.last_error.code) == ("failed", "import_failed")
    assert importing.life.knowledge.staging.get_item(importing.life.source, "a").state == "active"
    assert importing.life.source.open_snapshot_id is None


@pytest.mark.long
def test_memory_stays_flat_however_large_the_file(importing: Importing) -> None:
    importing.whole(ndjson({"warm": "up"}), apply=False)
    peaks = []
    for megabytes in (16, 64):
        job = importing.create()
        importing.deliver(importing.upload(job, gzip.compress(_large(megabytes), 1)))
        tracemalloc.start()
        importing.run_staging()
        peaks.append(tracemalloc.get_traced_memory()[1] - _pieces_bytes(importing, job))
        tracemalloc.stop()
        assert importing.get(job).offset >= megabytes << 20
    assert peaks[1] < peaks[0] * 1.25
    assert peaks[1] < 64 << 20


def _large(megabytes: int) -> bytes:
    """A file of that size: long lines, so that its bytes are many and its rows few."""
    dice = random.Random(megabytes)
    # Some of it does not compress, or the file would be refused for what it inflates to.
    texts = (dice.randbytes(3_000).hex() + "text " * 52_000 for _ in range(megabytes * 4 + 4))
    lines = (ndjson({f"item-{number}": text}) for number, text in enumerate(texts))
    return b"".join(lines)


def _pieces_bytes(importing: Importing, job: Import) -> int:
    """What the bucket in memory holds of an import, beside its upload."""
    objects = importing.life.bucket.objects
    return sum(len(body) for key, (body, _) in objects.items() if job.import_id in key and "piece" in key)
