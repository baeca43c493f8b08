"""Traps for imports."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from knowledge.actors import Actor, Author
from knowledge.errors import ImportLimitError, SourceLimitError
from knowledge.imports import store as import_store
from knowledge.sources import store as source_store

from testing.faults import Call, Crash, before_first
from testing.import_files import Importing, ndjson
from tests.faults.traps import PUBLISHING, refusal_of, trap
from tests.support.faulty_world import FaultyWorld

_ENDS = "endedAt = :now"
BY = Actor(Author("4fGh2LmN8pQrS0tV", "nightly"), "4fGh2LmN8pQrS0tV", "req-1")


@trap
def ended_import_has_told_of_its_end(world: FaultyWorld) -> None:
    """The process dies right after the write that ends an import: its event is in the outbox all the same."""
    importing = Importing(world)
    job = importing.create("upsert")
    event = importing.upload(job, ndjson({"a": "one"}))

    def die(call: Call, _: Any) -> None:
        if call.operation == "transact_write_items" and _ENDS in str(call.request):
            raise Crash(str(call))

    world.watch.after = die
    with suppress(Crash):
        importing.deliver(event)
        importing.run()
    world.watch.after = None
    assert importing.get(job).ended, "the trap was not reached"
    told = [event for event in world.reader.read().events if event["eventType"].startswith("import.")]
    assert [event["data"]["importId"] for event in told] == [job.import_id]


@trap
def cancelled_import_stages_nothing_more(world: FaultyWorld) -> None:
    """It is cancelled when its first rows are decided on, just before they are put."""
    importing = Importing(world)
    job = importing.create()
    importing.deliver(importing.upload(job, ndjson({"a": "one"})))
    met = before_first(world.watch, "transact_write_items", lambda: importing.cancel(job), matching="#journal")
    importing.run()
    assert met, "the trap was not reached"
    assert importing.get(job).state == "cancelled"
    assert not world.reader.read().rows, "a row was staged after the cancellation"


@trap
def cancelled_import_publishes_nothing_more(world: FaultyWorld) -> None:
    """It is cancelled when its generation is built, just before that is published."""
    importing = Importing(world)
    job = importing.create()
    importing.deliver(importing.upload(job, ndjson({"a": "one"})))
    met = before_first(world.watch, "transact_write_items", lambda: importing.cancel(job), matching=PUBLISHING)
    importing.run()
    assert met, "the trap was not reached"
    assert world.source.generation_id is None, "it was published after the cancellation"
    world.publish()


@trap
def key_that_ended_before_the_apply_publishes_nothing(world: FaultyWorld) -> None:
    """The key is revoked while the run is planned."""
    importing = Importing(world)
    job = importing.create(by=BY)
    importing.deliver(importing.upload(job, ndjson({"a": "one"})))
    world.import_machine.run_until("IsPlanned")
    world.import_keys.end = "The key k is revoked."
    importing.run()
    assert importing.get(job).state == "failed"
    assert world.source.generation_id is None


@trap
def one_place_is_given_to_one_of_two_imports(world: FaultyWorld) -> None:
    """Two ask for the last place at once: the one that comes second has looked before the first took it."""
    importing = Importing(world)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(import_store, "IMPORTS_UNDER_WAY", len(_places(world)) + 1)
        met = before_first(world.watch, "transact_write_items", importing.create, matching="ADD places")
        assert refusal_of(importing.create) is ImportLimitError
        assert met


@trap
def one_place_is_given_to_one_of_two_sources(world: FaultyWorld) -> None:
    """The same for sources."""

    def create() -> None:
        world.knowledge.sources.create_source(
            world.tenant_id, name="Help", grace_days=7, removal_guard=None, source_id=world.ids("src")
        )

    world.tenant_id = world.ids("ten")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(source_store, "SOURCES", 1)
        met = before_first(world.watch, "transact_write_items", create, matching="ADD #count")
        assert refusal_of(create) is SourceLimitError
        assert met


def _places(world: FaultyWorld) -> list[Any]:
    return world.knowledge.stores.imports.list_places(world.tenant_id)
