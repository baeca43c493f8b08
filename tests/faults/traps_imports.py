"""Traps for imports."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from testing.faults import Call, Crash
from testing.import_files import Importing, ndjson
from tests.faults.traps import trap
from tests.support.faulty_world import FaultyWorld

_ENDS = "endedAt = :now"


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
