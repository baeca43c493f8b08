"""An import is cancelled, or its key revoked, before any AWS call of it; a cancellation is struck at each of its own.

What holds, whenever it comes: once a cancellation is answered, no row is staged or removed for the import and nothing
of it is published; it ends once, with its event; it leaves no piece, no turn, no place; and the source can be run and
applied right after. After a revocation the same, but for the part that has looked at the key already.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from knowledge.actors import Actor, Author
from knowledge.errors import ImportEndedError
from knowledge.imports import parts as import_parts
from knowledge.imports.model import Import

from testing.faults import Call, Way
from testing.import_files import Importing, ndjson
from tests.faults import settings
from tests.faults.operations import LARGE
from tests.faults.striking import FAILURES, strike_everywhere
from tests.faults.test_crashes import CANARY, make_small
from tests.faults.test_import_crashes import EXPECTED, make_imports_small
from tests.support.faulty_world import FaultyWorld

NewWorld = Callable[..., FaultyWorld]
BY = Actor(Author("4fGh2LmN8pQrS0tV", "nightly"), "4fGh2LmN8pQrS0tV", "req-1")
# A snapshot, so that there are removals to come, in pieces, with a bad line less than it stands.
_BODY = gzip.compress(ndjson({"a": "new", "d": "four", "c": "three"}) + ndjson({"d": "five", "e": LARGE}))
_BEFORE = {"a": "one", "b": "two", "c": "three"}
_STATES = ["awaiting_upload", "queued", "staging", "planning", "applying"]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    make_small(monkeypatch)
    make_imports_small(monkeypatch)


def _begin(new_world: NewWorld) -> tuple[Importing, Import]:
    importing = Importing(new_world(leaf_entries=2))
    importing.life.push(**_BEFORE)
    importing.life.publish()
    return importing, importing.create("snapshot", by=BY)


def _run_all(importing: Importing, job: Import) -> None:
    with suppress(*FAILURES):
        importing.deliver(importing.upload(job, _BODY))
        importing.run()


@contextmanager
def _before_call(world: FaultyWorld, number: int, meddle: Callable[[], None]) -> Iterator[None]:
    """Do something just before a call, by its number from now on; in the end, if there are fewer."""
    gate, count = world.watch.gate, 0

    def counting(call: Call) -> Way | None:
        nonlocal count
        if count == number:
            count += 1
            world.watch.gate = gate
            meddle()
            world.watch.gate = counting
        else:
            count += 1
        return None if gate is None else gate(call)

    world.watch.gate = counting
    yield
    world.watch.gate = gate
    if count <= number:
        meddle()


class _Watched:
    """What took effect of an import after a moment: rows that were put, and generations."""

    def __init__(self, world: FaultyWorld) -> None:
        self.since: int | None = None
        self.staged: list[int] = []
        self.published: list[str] = []
        self._world = world
        world.watch.after = self._note

    def _note(self, call: Call, _: object) -> None:
        if self.since is None or call.operation != "transact_write_items":
            return
        for action in call.request["TransactItems"]:
            item = action.get("Put", {}).get("Item", {})
            if action.get("Put", {}).get("TableName") == self._world.settings.items_table and "rev" in item:
                self.staged.append(self._world.clock.now - self.since)
            if item.get("sk", {}).get("S", "").startswith("generation#"):
                self.published.append(item["sk"]["S"])


def _calls(new_world: NewWorld) -> int:
    importing, job = _begin(new_world)
    importing.life.watch.calls.clear()
    _run_all(importing, job)
    assert importing.get(job).state == "completed"
    return len(importing.life.watch.calls)


def _chosen(name: str, calls: int) -> list[int]:
    """Some of the calls by the seed, those of the end among them: there it matters most; all if all are to run."""
    dice = random.Random(f"{settings.SEED} {name}")
    return [number for number in range(calls) if number > calls - 20 or dice.random() < settings.SHARE]


def test_import_can_be_cancelled_before_any_call_of_it(new_world: NewWorld) -> None:
    late = 0
    numbers = _chosen("cancel", _calls(new_world))
    for number in numbers:
        importing, job = _begin(new_world)
        world = importing.life
        watched = _Watched(world)
        refused: list[ImportEndedError] = []

        def cancel(
            importing: Importing = importing,
            job: Import = job,
            watched: _Watched = watched,
            refused: list[ImportEndedError] = refused,
        ) -> None:
            try:
                importing.cancel(job, BY)
            except ImportEndedError as refusal:
                refused.append(refusal)
            else:
                watched.since = importing.life.clock.now

        with _before_call(world, number, cancel):
            _run_all(importing, job)
        world.watch.after = None
        unexpected = [error for error in world.import_machine.errors if not isinstance(error, EXPECTED)]
        assert not unexpected, (number, unexpected)
        late += bool(refused)
        _check_end(importing, job, watched, "completed" if refused else "cancelled", f"call {number}")
    assert 0 < late < 15, "it is cancelled nearly everywhere, and what is published can't be"


def _check_end(importing: Importing, job: Import, watched: _Watched, state: str, where: str) -> None:
    world, ended = importing.life, importing.get(job)
    assert ended.state == state, where
    assert not watched.staged, f"{where}: rows were staged after the end"
    assert not watched.published, f"{where}: it was published after the end"
    assert not importing.pieces(job), f"{where}: a piece was left"
    assert world.source.import_id is None
    assert world.source.open_snapshot_id is None
    assert not [
        place
        for place in world.knowledge.stores.imports.list_places(world.tenant_id)
        if place.holder_id == job.import_id
    ], f"{where}: its place was left"
    events = [event for event in world.reader.read().events if event["eventType"].startswith("import.")]
    assert [event["data"]["state"] for event in events] == [state], where
    # Right after, with no time to wait for a lease or a turn.
    world.push(**{CANARY: where})
    world.publish()
    world.check()


@pytest.mark.parametrize("state", _STATES)
def test_cancellation_survives_a_fault_at_any_call(
    state: str, new_world: NewWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    def reach() -> tuple[Importing, Import]:
        importing, job = _begin(new_world)
        if state != "awaiting_upload":
            importing.deliver(importing.upload(job, _BODY))
        if state not in {"awaiting_upload", "queued"}:
            before = {"staging": "StageImport", "planning": "DiffRun", "applying": "PublishGeneration"}[state]
            importing.life.import_machine.run_until(before)
            while importing.get(job).state != state or (state == "staging" and not importing.pieces(job)):
                importing.life.import_machine.run_until(before)
        assert importing.get(job).state == state
        importing.life.watch.calls.clear()
        return importing, job

    importing, job = reach()
    importing.cancel(job, BY)
    calls = list(importing.life.watch.calls)

    def strike(number: int, way: Way) -> None:
        importing, job = reach()
        world = importing.life
        world.watch.arm(number, way)
        with suppress(*FAILURES):
            importing.cancel(job, BY)
        assert world.watch.fired is not None, "the call was not reached"
        world.watch.disarm()
        assert importing.cancel(job, BY).state == "cancelled"
        assert importing.cancel(job, BY).state == "cancelled"
        watched = _Watched(world)
        watched.since = world.clock.now
        importing.run()
        world.watch.after = None
        _check_end(importing, job, watched, "cancelled", state)

    strike_everywhere(f"cancel-{state}", calls, strike, capsys)


def test_key_can_be_revoked_before_any_call(new_world: NewWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_parts, "IMPORT_KEY_LOOK_MS", 5)
    states = set()
    for number in _chosen("revoke", _calls(new_world)):
        importing, job = _begin(new_world)
        world = importing.life
        watched = _Watched(world)

        def revoke(world: FaultyWorld = world, watched: _Watched = watched) -> None:
            world.import_keys.end = "The key k is revoked."
            watched.since = world.clock.now

        with _before_call(world, number, revoke):
            _run_all(importing, job)
        world.watch.after = None
        ended = importing.get(job)
        states.add(ended.state)
        # A window was decided on when the key was looked at last: what it takes to carry that out comes through, and
        # an apply that has begun.
        assert all(since <= 5 + 25 for since in watched.staged), (number, watched.staged)
        watched.staged.clear()
        if ended.state == "failed":
            assert ended.last_error.code == "import_key_ended"
            assert not watched.published, number
        watched.published.clear()
        _check_end(importing, job, watched, ended.state, f"call {number}")
    assert states == {"failed", "completed"}


def test_piece_that_is_written_by_who_did_not_know_is_deleted(new_world: NewWorld) -> None:
    """The execution is cancelled between the writing of a piece and its noting, and its function dies there too."""
    importing, job = _begin(new_world)
    world = importing.life
    importing.deliver(importing.upload(job, _BODY))

    def cancel_and_die(call: Call, _: object) -> None:
        if call.operation == "put_object" and "/piece-00001" in call.request["Key"]:
            world.watch.after = None
            importing.cancel(job, BY)
            # What was put before the cancellation is gone; the double puts it once more, as a slow request would.
            world.clients.s3._client.put_object(**{**call.request, "IfNoneMatch": "*"})
            raise RuntimeError("the function dies")

    world.watch.after = cancel_and_die
    importing.run()
    assert importing.get(job).state == "cancelled"
    assert not importing.pieces(job)
