"""Traps for exports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from knowledge.actors import Actor, Author
from knowledge.errors import ErasureInProgressError, ExportFailedError, GenerationRetiredError
from knowledge.exports import writing
from knowledge.exports.model import Export, ExportName
from knowledge.exports.store import ExportMovedError
from knowledge.limits import EXPORT_SILENT_MS

from testing.faults import Crash, before_first
from tests.faults.traps import refusal_of, trap
from tests.support.erasing import carry_out, erase, places_with
from tests.support.exporting import Exporting, lines_of, small_parts
from tests.support.faulty_world import FaultyWorld

SECRET = "the secret of all secrets"
BY = Actor(Author("4fGh2LmN8pQrS0tV", "nightly"), "4fGh2LmN8pQrS0tV", "req-1")
_COMPLETES = "export.completed"
# Invocations, for one that sends a part each.
_ENOUGH = 8
_ITEMS = {"a": "one", "b": "two", "c": "three", "x": SECRET}


@contextmanager
def exporting_from(world: FaultyWorld) -> Iterator[Exporting]:
    """A source that serves some items, whose exports have a part for each."""
    world.push(**_ITEMS)
    world.publish()
    exporting = Exporting(world)
    with pytest.MonkeyPatch.context() as patched:
        small_parts(patched, exporting, 1)
        yield exporting


@contextmanager
def one_part_at_a_time() -> Iterator[None]:
    """Have an invocation end after each part."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(writing, "BUDGET_MS", -1)
        yield


def write(exporting: Exporting, export: Export) -> bool:
    """One more invocation of the function."""
    name = ExportName(export.tenant_id, export.source_id, export.export_id)
    with suppress(ExportFailedError):
        return exporting.life.knowledge.exports.writer.write_export(name)
    return True


@trap
def export_that_an_erasure_came_before_is_never_completed(world: FaultyWorld) -> None:
    """The erasure is opened when the file is whole, just before that is noted."""
    with exporting_from(world) as exporting:
        export = exporting.create()
        met = before_first(world.watch, "transact_write_items", lambda: erase(world, "x"), matching=_COMPLETES)
        exporting.run()
        assert met, "the trap was not reached"
        assert exporting.stored(export).state == "failed"


@trap
def no_export_is_begun_beside_an_erasure(world: FaultyWorld) -> None:
    """The erasure is opened after the source was read, just before the export is stored."""
    with exporting_from(world) as exporting:
        met = before_first(world.watch, "transact_write_items", lambda: erase(world, "x"), matching="export#")
        assert refusal_of(exporting.create) is ErasureInProgressError
        assert met


@trap
def erased_text_is_in_no_file_of_an_export(world: FaultyWorld) -> None:
    """One is completed, and of one, whose execution was lost, some parts were sent."""
    with exporting_from(world) as exporting:
        exporting.whole()
        exporting.create()
        with suppress(Crash):
            _die_before_completion(exporting)
        assert any(place.startswith("unfinished") for place in places_with(world, [SECRET]))
        assert any(place.startswith("object exports/") for place in places_with(world, [SECRET]))
        carry_out(world, erase(world, "x").erasure_id)
        assert places_with(world, [SECRET]) == []


def _die_before_completion(exporting: Exporting) -> None:
    def die() -> None:
        raise Crash("the last part is sent")

    assert before_first(exporting.life.watch, "complete_multipart_upload", die) == []
    exporting.run()


@trap
def two_invocations_send_each_part_twice(world: FaultyWorld) -> None:
    """Each part is sent by another one, too, just before it is noted: the file is made of what is there then."""
    with exporting_from(world) as exporting, one_part_at_a_time():
        export = exporting.create()
        for _ in range(_ENOUGH):
            before_first(world.watch, "update_item", lambda: write(exporting, export), matching=":parts")
            write(exporting, export)
        ended = exporting.get(export)
        assert (ended.state, ended.items, ended.parts) == ("completed", len(_ITEMS), len(_ITEMS))
        assert len(lines_of(exporting.file_of(ended))) == len(_ITEMS)


@trap
def late_note_of_a_part_takes_nothing_back(world: FaultyWorld) -> None:
    """An invocation that was overtaken notes its first part when another one has put the file together."""
    with exporting_from(world) as exporting:
        store, export = world.knowledge.stores.exports, exporting.create()
        with one_part_at_a_time():
            begun: list[Export] = []
            before_first(world.watch, "upload_part", lambda: begun.append(exporting.stored(export)))
            write(exporting, export)
        late = exporting.stored(export)

        def note() -> None:
            with suppress(ExportMovedError):
                store.note_part(begun[0], late, world.clock())

        assert before_first(world.watch, "complete_multipart_upload", note) == []
        exporting.run()
        ended = exporting.get(export)
        assert (ended.state, ended.items, ended.parts) == ("completed", len(_ITEMS), len(_ITEMS))


@trap
def two_invocations_write_one_file(world: FaultyWorld) -> None:
    """Another one begins the file, and sends a part, just before the first has noted that it began it."""
    with exporting_from(world) as exporting, one_part_at_a_time():
        export = exporting.create()
        met = before_first(world.watch, "update_item", lambda: write(exporting, export), matching="uploadId")
        for _ in range(_ENOUGH):
            write(exporting, export)
        assert met
        ended = exporting.get(export)
        assert (ended.state, len(lines_of(exporting.file_of(ended)))) == ("completed", len(_ITEMS))
        assert not world.bucket.uploads.open, "an upload is left that no row names"


@trap
def file_that_another_invocation_put_together_is_found(world: FaultyWorld) -> None:
    """It does so just before this one would: then there is no upload any more, and the file is there."""
    with exporting_from(world) as exporting:
        export = exporting.create()
        met = before_first(world.watch, "complete_multipart_upload", lambda: _put_together(world))
        exporting.run()
        assert met, "the trap was not reached"
        ended = exporting.get(export)
        assert (ended.state, len(lines_of(exporting.file_of(ended)))) == ("completed", len(_ITEMS))


def _put_together(world: FaultyWorld) -> None:
    """As one that dies before it has noted that."""
    uploads = world.knowledge.stores.uploads
    (upload,) = uploads.list_uploads("exports/")
    uploads.put_together(upload, uploads.list_parts(upload))


@trap
def export_that_is_shown_as_failed_stays_so(world: FaultyWorld) -> None:
    """An invocation is held up for longer than anybody waits, and comes back."""
    with exporting_from(world) as exporting:
        export = exporting.create()
        seen: list[str] = []

        def time_passes() -> None:
            world.clock.advance(ms=EXPORT_SILENT_MS)
            seen.append(exporting.get(export).state)

        before_first(world.watch, "upload_part", time_passes)
        write(exporting, export)
        assert seen == ["failed"]
        assert exporting.get(export).state == "failed"


@trap
def retired_generation_is_not_begun_to_be_exported(world: FaultyWorld) -> None:
    """It is retired after it was read, just before the export is stored."""
    with exporting_from(world) as exporting:
        first = world.current
        world.push(a="later")
        world.publish()

        def retire() -> None:
            world.knowledge.stores.generations.retire_generation(first, world.clock())

        met = before_first(world.watch, "transact_write_items", retire, matching="export#")
        assert refusal_of(lambda: exporting.create(first.generation_id)) is GenerationRetiredError
        assert met


@trap
def export_of_a_key_that_ended_has_no_file(world: FaultyWorld) -> None:
    """The key is revoked when the export is asked for and not begun."""
    with exporting_from(world) as exporting:
        export = exporting.create(by=BY)
        world.export_keys.end = "The key k is revoked."
        exporting.run()
        assert exporting.get(export).state == "failed"
        assert not world.bucket.uploads.open
