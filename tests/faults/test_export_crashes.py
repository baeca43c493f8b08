"""An export is struck at every AWS call it makes, in every way, and met by others before each; its file is the same.

It ends by itself where the state machine lives on. Where that died too it is shown as failed, and leaves its place.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import pytest
from botocore.exceptions import BotoCoreError
from knowledge.errors import ExportFailedError, KnowledgeError, SourceNotFoundError
from knowledge.exports import store as export_store
from knowledge.exports.model import Export, ExportName
from knowledge.limits import EXPORT_SILENT_MS

from testing.faults import Call, Way
from testing.import_machine import FunctionDiedError
from tests.faults import settings
from tests.faults.operations import LARGE
from tests.faults.striking import FAILURES, strike_everywhere
from tests.faults.test_crashes import make_small
from tests.faults.traps_upkeep import collect, short_memory
from tests.support.erasing import WAIT_SECONDS, carry_out, erase, places_with
from tests.support.exporting import Exporting, lines_of, small_parts
from tests.support.faulty_world import FaultyWorld

NewWorld = Callable[..., FaultyWorld]
Begin = Callable[[], Exporting]
SECRET = "what is erased later on"
# What a fault may look like from inside; anything else is a mistake of the product.
EXPECTED = (KnowledgeError, BotoCoreError, FunctionDiedError)
_ITEMS = {"a": "one", "b": "two", "c": LARGE, "d": "four", "x": SECRET}
_PART_BYTES = 60


@pytest.fixture
def begin(new_world: NewWorld, monkeypatch: pytest.MonkeyPatch) -> Begin:
    """Make a source that serves a handful of items, whose exports have several parts, and pages of parts."""
    make_small(monkeypatch)
    monkeypatch.setattr(export_store, "EXPORTS_UNDER_WAY", 1)

    def make() -> Exporting:
        world = new_world(leaf_entries=2)
        world.push(**_ITEMS)
        world.publish()
        exporting = Exporting(world)
        small_parts(monkeypatch, exporting, _PART_BYTES)
        world.bucket.uploads.page = 2
        world.watch.calls.clear()
        return exporting

    return make


def test_export_survives_a_fault_at_any_call(begin: Begin, capsys: pytest.CaptureFixture[str]) -> None:
    calm = begin()
    made = calm.create()
    calm.run()
    calls, export = list(calm.life.watch.calls), calm.get(made)
    whole = calm.file_of(export)
    assert export.parts > 3
    _check(calm, [export.export_id])

    def strike(number: int, way: Way) -> None:
        exporting = begin()
        world = exporting.life
        export_id = world.ids("exp")
        world.watch.arm(number, way)
        with suppress(*FAILURES):
            exporting.create(export_id=export_id)
            exporting.run()
        assert world.watch.fired is not None, "the call was not reached"
        world.watch.disarm()
        # As a client does that was not answered: the same id, as it has the same Idempotency-Key.
        export = exporting.create(export_id=export_id)
        exporting.run()
        _check_errors(exporting, f"call {number}")
        ended = exporting.get(export)
        if world.export_machine.executions[export_id].status == "ABORTED" and ended.state != "completed":
            assert way in {Way.DIE_BEFORE, Way.DIE_AFTER}, "it did not go on by itself"
            world.clock.advance(ms=EXPORT_SILENT_MS)
            assert exporting.get(export).state == "failed"
            ended = exporting.whole()
        assert ended.state == "completed"
        assert exporting.file_of(ended) == whole
        _check(exporting, list(dict.fromkeys([export_id, ended.export_id])))

    strike_everywhere("export", calls, strike, capsys)


def _check_errors(exporting: Exporting, where: str) -> None:
    unexpected = [error for error in exporting.life.export_machine.errors if not isinstance(error, EXPECTED)]
    assert not unexpected, (where, unexpected)


def _check(exporting: Exporting, export_ids: list[str]) -> None:
    """Hold what is stored against what was promised of exports that have ended."""
    world = exporting.life
    world.check()
    assert world.knowledge.stores.exports.list_places(world.tenant_id) == []
    told = [each for each in world.reader.read().events if each["eventType"].startswith("export.")]
    assert sorted(each["data"]["exportId"] for each in told) == sorted(export_ids), "an export has one end"
    known = [world.knowledge.stores.exports.get_export(world.source_id, export_id) for export_id in export_ids]
    named = {export.upload_id for export in known}
    assert not named & world.bucket.uploads.open.keys(), "an upload is left that a row names"
    files = {export.key for export in known if export.state == "completed"}
    assert {key for key in world.bucket.objects if key.startswith("exports/")} == files


@pytest.mark.parametrize("to_its_end", [False, True], ids=["one more", "one more, to its end"])
def test_two_invocations_at_once_write_one_file(begin: Begin, to_its_end: bool) -> None:
    """The machine tries again while the first is alive: before each call, another invocation comes and goes."""
    whole, file, calls = _undisturbed(begin)

    def work(exporting: Exporting, export: Export) -> None:
        name = ExportName(export.tenant_id, export.source_id, export.export_id)
        with suppress(ExportFailedError):
            while not exporting.life.knowledge.exports.writer.write_export(name) and to_its_end:
                pass

    for number in _chosen(calls):
        exporting, export = _met(begin, number, work)
        ended = exporting.get(export)
        assert ended.state == "completed", f"call {number}"
        assert exporting.file_of(ended) == file
        assert (ended.items, ended.bytes, ended.parts) == (whole.items, whole.bytes, whole.parts)
        _check(exporting, [export.export_id])
        # An upload that was begun and not noted has no part.
        assert not any(upload.parts for upload in exporting.life.bucket.uploads.open.values())


def test_erasure_before_any_call_leaves_nothing_of_an_export(begin: Begin) -> None:
    opened: list[str] = []

    def take_back(exporting: Exporting, export: Export) -> None:
        opened.append(erase(exporting.life, "x").erasure_id)
        assert exporting.get(export).state != "completed", "it is shown after the erasure was answered"

    for number in _chosen(_undisturbed(begin)[2]):
        exporting, export = _met(begin, number, take_back)
        world = exporting.life
        assert exporting.get(export).state == "failed", f"call {number}"
        carry_out(world, opened.pop())
        assert places_with(world, [SECRET]) == [], f"call {number}"
        assert world.knowledge.stores.exports.list_places(world.tenant_id) == []
        after = exporting.whole()
        assert {line["externalItemId"] for line in lines_of(exporting.file_of(after))} == set(_ITEMS) - {"x"}


def test_deletion_before_any_call_leaves_nothing_of_an_export(begin: Begin) -> None:
    def delete(exporting: Exporting, _: Export) -> None:
        world = exporting.life
        world.knowledge.sources.archive_source(world.tenant_id, world.source_id)
        world.knowledge.sources.delete_source(world.source)

    for number in _chosen(_undisturbed(begin)[2]):
        exporting, _ = _met(begin, number, delete)
        world = exporting.life
        for _ in range(4):
            assert world.knowledge.deleter.go_on(lambda: True) == 0
            world.clock.advance(seconds=WAIT_SECONDS)
        assert not [key for key in (*world.bucket.objects, *world.bucket.deleted) if key.startswith("exports/")]
        assert not world.bucket.uploads.open, f"call {number}"
        assert world.knowledge.stores.exports.list_places(world.tenant_id) == []
        with pytest.raises(SourceNotFoundError):
            assert world.source


def test_collected_generation_fails_its_export_or_is_whole(begin: Begin) -> None:
    whole, file, calls = _undisturbed(begin)
    states = set()

    def retire(exporting: Exporting, _: Export) -> None:
        world = exporting.life
        now = world.clock.now
        with short_memory(generations=1):
            world.push(**dict.fromkeys(_ITEMS, "changed"))
            world.publish()
            world.clock.advance(days=40)
            collect(world)
        # The invocation has not been away for so long: it is only the generation that is old.
        world.clock.now = now

    for number in _chosen(calls):
        exporting, export = _met(begin, number, retire)
        ended = exporting.stored(export)
        states.add(ended.state)
        if ended.state == "completed":
            assert exporting.file_of(ended) == file
            assert ended.items == whole.items
        else:
            assert ended.last_error.code == "export_failed"
            assert not exporting.life.bucket.uploads.open
        assert exporting.life.knowledge.stores.exports.list_places(exporting.life.tenant_id) == []
    assert states <= {"completed", "failed"}
    assert settings.SHARE < 1 or len(states) == 2


def _chosen(calls: int) -> list[int]:
    """Some of so many calls, by the seed and the share; each call is met by others for far longer than it is struck."""
    dice = random.Random(f"{settings.SEED} {calls}")
    return [number for number in range(calls) if dice.random() < 2 * settings.SHARE]


def _undisturbed(begin: Begin) -> tuple[Export, bytes, int]:
    """An export that nothing happened to, its file, and how many calls its execution makes."""
    exporting = begin()
    export = exporting.create()
    exporting.life.watch.calls.clear()
    exporting.run()
    calls = len(exporting.life.watch.calls)
    ended = exporting.get(export)
    return ended, exporting.file_of(ended), calls


def _met(begin: Begin, number: int, meddle: Callable[[Exporting, Export], object]) -> tuple[Exporting, Export]:
    """An export whose execution is met by something just before its call of a number."""
    exporting = begin()
    export = exporting.create()
    watch, made = exporting.life.watch, 0
    ticking = watch.gate

    def gate(call: Call) -> Way | None:
        nonlocal made
        made += 1
        if made == number + 1:
            watch.gate = ticking
            meddle(exporting, export)
        return None if ticking is None else ticking(call)

    watch.gate = gate
    exporting.run()
    watch.gate = ticking
    assert made > number, "the call was not reached"
    _check_errors(exporting, f"call {number}")
    return exporting, export
