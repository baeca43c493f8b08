"""A file can't be made into a weapon: its cost follows its bytes, and the source can be run and applied right after."""

from __future__ import annotations

import gzip
import random
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from knowledge.actors import Actor, Author
from knowledge.errors import ImportLimitError, ServiceUnavailableError, SourceLimitError
from knowledge.imports import parts as import_parts
from knowledge.imports import staging as import_staging
from knowledge.imports import store as import_store
from knowledge.imports import window_writer as import_window_writer
from knowledge.limits import MAX_REJECTED_LINES
from knowledge.sources import store as source_store
from knowledge.times import MS_PER_DAY

from testing.import_files import Importing, line, many, ndjson
from testing.lifecycle import Lifecycle, draft

BY = Actor(Author("4fGh2LmN8pQrS0tV", "nightly"), "4fGh2LmN8pQrS0tV", "req-1")
# What an import takes whatever is in it: its opening, its turn, its run, its end, and a note every so many bytes.
ONCE = 25
BOMBS = {
    "16 KB of gzip that are 16 MiB of line feeds": (gzip.compress(b"\n" * (16 << 20)), "import_too_large", ONCE),
    "blank lines of all kinds": (gzip.compress(b" \t\r\n" * (1 << 20)), None, ONCE),
    "48 KB of gzip that are 48 MiB of spaces": (gzip.compress(b" " * (48 << 20)), None, ONCE),
    "100 000 bad lines": (b"bad\n" * 100_000, "too_many_rejected", ONCE + MAX_REJECTED_LINES // 200),
    "100 000 lines with ten faults each": (
        b'{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1}\n' * 100_000,
        "too_many_rejected",
        ONCE + MAX_REJECTED_LINES // 20,
    ),
    "one item 20 000 times, each time another": (
        b"".join(ndjson({"a": f"text {number % 2}"}) for number in range(20_000)),
        None,
        ONCE + 20_000 // 490,
    ),
    "64 KB of gzip that are 65 MiB of zeros": (gzip.compress(b"\0" * (65 << 20)), "import_too_large", ONCE),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_ends_within_a_bounded_number_of_transactions(
    name: str, importing: Importing, capsys: pytest.CaptureFixture[str]
) -> None:
    body, code, bound = BOMBS[name]
    life = importing.life
    life.push(kept="one")
    life.watch.calls.clear()
    job = importing.whole(body)
    calls = Counter(call.operation for call in life.watch.calls)
    with capsys.disabled():
        sys.stdout.write(f"\n  {name}: {job.state}, {calls['transact_write_items']} transactions of {bound} ")
    assert calls["transact_write_items"] <= bound
    assert calls.total() <= 8 * bound
    assert (job.last_error and job.last_error.code) == code
    assert job.state == ("completed" if code is None else "failed")
    assert not importing.pieces(job)
    # The source has nothing to wait for.
    life.push(after="two")
    life.publish()
    assert {"kept", "after"} <= set(life.served())
    life.check(settled=True)


def test_lines_that_change_nothing_are_noted_by_bytes_and_by_time(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = ndjson(many(5_000))
    importing.whole(body, apply=False)

    def notes() -> int:
        importing.life.watch.calls.clear()
        job = importing.whole(body, apply=False)
        assert (job.lines, job.counts.unchanged) == (5_000, 5_000)
        written = [str(call.request) for call in importing.life.watch.calls if "transact" in call.operation]
        return sum("checkpoint = :next" in request for request in written)

    few = notes()
    monkeypatch.setattr(import_staging, "_BYTES_PER_NOTE", len(body) // 4)
    assert notes() in {few + 2, few + 3}
    monkeypatch.undo()
    monkeypatch.setattr(import_staging, "_MS_PER_NOTE", 0)
    assert notes() >= few + 5_000 // 490


def test_crash_behind_what_was_noted_counts_every_line_once(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = importing.life
    importing.whole(ndjson(many(2_000)), apply=False)
    job = importing.create(apply=False)
    importing.deliver(importing.upload(job, ndjson(many(2_000)) + ndjson({"new": "one"})))
    write = life.knowledge.staging_writer.__class__.decide_in_turn
    seen = 0

    def dies(*args: object) -> object:
        nonlocal seen
        seen += 1
        if seen == 3:
            raise RuntimeError
        return write(*args)

    with monkeypatch.context() as patched:
        patched.setattr(life.knowledge.staging_writer.__class__, "decide_in_turn", dies)
        importing.run()
    ended = importing.get(job)
    assert (ended.state, ended.lines, ended.counts.unchanged, ended.counts.created) == ("completed", 2_001, 2_000, 1)


def test_item_named_again_in_a_window_is_decided_on_line_by_line(importing: Importing) -> None:
    life = importing.life
    large = random.Random(5).randbytes(12_000).hex()
    body = (
        ndjson({"a": "one", "b": large})
        + line(draft("v", "nine", source_version=9))
        + line(draft("v", "three", source_version=3))
        + line(draft("b", large, source_version=2))
        + ndjson({"a": "two", "c": "kept"})
        + ndjson({"a": "one"})
        + ndjson({"a": "one"})
    )
    life.watch.calls.clear()
    job = importing.whole(body)
    assert (job.counts.created, job.counts.updated, job.counts.unchanged, job.counts.stale) == (4, 2, 2, 1)
    assert life.served() == {"a": "one", "b": large, "v": "nine", "c": "kept"}
    life.check(settled=True)


def test_more_bad_lines_than_allowed_stage_nothing_further(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.imports.entries._WINDOW_LINES", 4)
    life = importing.life
    life.push(gone="old")
    life.publish()
    lines = [ndjson({f"item-{number}": "text"}) for number in range(12)]
    # Two bad lines in the second window, and one in the third.
    lines[5] = lines[6] = lines[9] = b"bad\n"
    job = importing.whole(b"".join(lines), "snapshot", max_rejected=2)
    assert (job.state, job.last_error.code, job.rejected, job.lines) == ("failed", "too_many_rejected", 3, 8)
    assert [entry["line"] for entry in importing.report(job)] == [6, 7, 10]
    staged = life.knowledge.staging
    assert {name: staged.get_item(life.source, name).state for name in ("gone", "item-0", "item-7")} == {
        "gone": "active",
        "item-0": "active",
        "item-7": "active",
    }
    with pytest.raises(Exception, match="Item not found"):
        staged.get_item(life.source, "item-8")
    assert life.served() == {"gone": "old"}
    assert life.source.import_id is None


def test_apply_stands_no_bad_line_unless_it_is_told_to(importing: Importing) -> None:
    body = ndjson({"a": "one"}) + b"bad\n"
    strict = importing.whole(body, max_rejected=None)
    assert (strict.max_rejected, strict.last_error.code, strict.rejected) == (0, "too_many_rejected", 1)
    assert importing.whole(body, max_rejected=1).state == "completed_with_errors"
    assert importing.create(apply=False, max_rejected=None).max_rejected == MAX_REJECTED_LINES


def test_more_lines_than_allowed_end_it(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_window_writer, "IMPORT_LINES", 1_000)
    job = importing.whole(ndjson(many(1_200)))
    assert (job.state, job.last_error.code) == ("failed", "import_too_large")
    assert job.lines <= 1_000


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_no_piece_outlives_its_import(end: str, importing: Importing) -> None:
    body = ndjson(many(1_000)) + (b"bad\n" if end == "failed" else b"")
    job = importing.create(max_rejected=0)
    importing.deliver(importing.upload(job, gzip.compress(body)))
    importing.life.import_machine.run_until("IsStaged")
    importing.life.import_machine.run_until("IsStaged")
    assert importing.pieces(job)
    if end == "cancelled":
        importing.cancel(job)
    importing.run()
    assert importing.get(job).state == end
    assert not importing.pieces(job)


def test_key_is_looked_at_for_every_part_and_within_it(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_parts, "IMPORT_KEY_LOOK_MS", 0)
    life = importing.life
    job = importing.create(by=BY)
    event = importing.upload(job, ndjson(many(2_000)))
    importing.deliver(event)
    assert life.import_keys.looks == 1

    def revoke(call: object, _: object) -> None:
        if "checkpoint = :next" in str(call) or "checkpoint = :next" in str(getattr(call, "request", "")):
            life.import_keys.end = "The key k is revoked."

    life.watch.after = revoke
    importing.run()
    life.watch.after = None
    ended = importing.get(job)
    assert (ended.state, ended.last_error.code) == ("failed", "import_key_ended")
    assert "is revoked" in ended.last_error.message
    # What was measured first; then one transaction at most came through behind it.
    assert ended.counts.created <= 2 * 490
    assert life.source.import_id is None


def test_upload_of_a_key_that_ended_stages_nothing(importing: Importing) -> None:
    life = importing.life
    job = importing.create(by=BY)
    event = importing.upload(job, ndjson({"a": "one"}))
    life.import_keys.end = "The key k is revoked."
    importing.deliver(event)
    importing.deliver(event)
    ended = importing.get(job)
    assert (ended.state, ended.last_error.code, ended.counts.created) == ("failed", "import_key_ended", 0)
    assert not life.import_machine.executions
    told = [event for event in life.check().events if event["eventType"] == "import.failed"]
    assert [event["data"]["importId"] for event in told] == [job.import_id]


@pytest.mark.parametrize("state", ["IsStaged", "FollowPlanning", "FollowApplying"])
def test_key_that_ends_before_the_apply_publishes_nothing(state: str, importing: Importing) -> None:
    life = importing.life
    job = importing.create(by=BY)
    importing.deliver(importing.upload(job, ndjson({"a": "one"})))
    life.import_machine.run_until(state)
    life.import_keys.end = "The key k is revoked."
    importing.run()
    assert (importing.get(job).state, importing.get(job).last_error.code) == ("failed", "import_key_ended")
    assert life.source.generation_id is None
    life.push(b="two")
    life.publish()


def test_import_of_nobody_asks_for_no_key(importing: Importing) -> None:
    life = importing.life
    life.import_keys.end = "never asked"
    key = f"imports/{life.tenant_id}/{life.source_id}/nightly/export.ndjson"
    found = importing.deliver(importing.put(key, ndjson({"a": "one"}), apply="true"))
    importing.run()
    assert importing.get(found["importId"]).state == "completed"
    assert life.import_keys.looks == 0


def test_imports_under_way_are_bounded_and_places_come_back(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_store, "IMPORTS_UNDER_WAY", 3)
    importing.life.tenant_id = importing.life.ids("ten")
    _move(importing)
    jobs = [importing.create() for _ in range(3)]
    with pytest.raises(ImportLimitError):
        importing.create()
    importing.cancel(jobs[0])
    importing.deliver(importing.upload(jobs[1], ndjson({"a": "one"})))
    importing.create()
    with pytest.raises(ImportLimitError):
        importing.create()
    importing.run()
    assert importing.get(jobs[1]).state == "completed"
    importing.create()


def test_import_that_expired_leaves_its_place_and_takes_it_again_with_its_file(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_store, "IMPORTS_UNDER_WAY", 2)
    importing.life.tenant_id = importing.life.ids("ten")
    _move(importing)
    late, _ = importing.create(), importing.create()
    importing.life.clock.advance(ms=MS_PER_DAY)
    importing.create()
    # Its file comes all the same: it is under way again.
    importing.deliver(importing.upload(late, ndjson({"a": "one"})))
    assert _places(importing) == 2
    with pytest.raises(ImportLimitError):
        importing.create()
    importing.run()
    assert importing.get(late).state == "completed"
    assert _places(importing) == 1


@pytest.mark.parametrize("kind", ["imports", "sources"])
def test_bounds_hold_when_many_ask_at_once(kind: str, lifecycle: Lifecycle, monkeypatch: pytest.MonkeyPatch) -> None:
    """On real threads: as many get a place as there are, and nobody is refused for anything else in the end."""
    monkeypatch.setattr(import_store, "IMPORTS_UNDER_WAY", 5)
    monkeypatch.setattr(source_store, "SOURCES", 5)
    importing = Importing(lifecycle)
    lifecycle.tenant_id = lifecycle.ids("ten")
    if kind == "imports":
        _move(importing)
    lock = threading.Lock()

    def ask(_: int) -> bool:
        while True:
            try:
                with lock:
                    source_id = lifecycle.ids("src")
                if kind == "imports":
                    importing.create()
                else:
                    lifecycle.knowledge.sources.create_source(
                        lifecycle.tenant_id, name="H", grace_days=7, removal_guard=None, source_id=source_id
                    )
            except (ImportLimitError, SourceLimitError):
                return False
            except ServiceUnavailableError:
                continue
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(16))) == 5


def _places(importing: Importing) -> int:
    return len(importing.life.knowledge.stores.imports.list_places(importing.life.tenant_id))


def _move(importing: Importing) -> None:
    """Have a source of a tenant that no other test is at."""
    life = importing.life
    life.source_id = life.ids("src")
    life.knowledge.sources.create_source(
        life.tenant_id, name="Help", grace_days=7, removal_guard=None, source_id=life.source_id
    )
