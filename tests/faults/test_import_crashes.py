"""An import is struck at every AWS call it makes, in every way; it ends as if nothing had happened.

It does so on its own where the state machine lives on, and by one event delivered again where that died too.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError
from knowledge.errors import KnowledgeError
from knowledge.imports import entries as import_entries
from knowledge.imports import files as import_files
from knowledge.imports import inflating as import_inflating
from knowledge.imports import lines as import_lines
from knowledge.imports import staging as import_staging
from knowledge.imports import window_writer as import_window_writer
from knowledge.imports.model import Import
from knowledge.imports.transitions import ImportMovedError
from knowledge.limits import IMPORT_SILENT_MS

from testing.faults import Call, Way
from testing.import_files import Importing, ndjson
from testing.import_machine import FunctionDiedError
from tests.faults.operations import LARGE
from tests.faults.striking import FAILURES, strike_everywhere
from tests.faults.test_crashes import CANARY, make_small
from tests.support.faulty_world import FaultyWorld

NewWorld = Callable[..., FaultyWorld]
# What a fault may look like from inside; anything else is a mistake of the product.
EXPECTED = (KnowledgeError, BotoCoreError, FunctionDiedError, ImportMovedError)


@dataclass(frozen=True)
class Case:
    """A file for a source that serves a, b and c, and what is served in the end."""

    name: str
    body: bytes
    mode: str
    served: dict[str, str]


_LINES = ndjson({"a": "new", "d": "four", "c": "three"}) + ndjson({"d": "five", "e": LARGE})
_GOOD = {"a": "new", "c": "three", "d": "five", "e": LARGE}
CASES = [
    Case("upsert", ndjson({"x": "1"}) + b"bad\n{}\n" + _LINES, "upsert", {**_GOOD, "b": "two", "x": "1"}),
    # What is removed goes on being served in its days of grace.
    Case("snapshot", gzip.compress(_LINES), "snapshot", {**_GOOD, "b": "two"}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_import_survives_a_fault_at_any_call(
    case: Case, new_world: NewWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """See the module; prints how many cases there are and how many were run."""
    make_small(monkeypatch)
    make_imports_small(monkeypatch)
    calm, calls = _undisturbed(case, new_world)
    strike_everywhere(
        f"import-{case.name}", calls, lambda number, way: _strike(case, new_world, number, way, calm), capsys
    )


def make_imports_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring bounds down so that a handful of lines makes pieces, blocks, windows and calls."""
    monkeypatch.setattr(import_window_writer, "ROWS_PER_CHECKPOINT", 2)
    monkeypatch.setattr(import_staging, "BYTES_PER_CALL", 150)
    monkeypatch.setattr(import_entries, "_WINDOW_LINES", 3)
    monkeypatch.setattr(import_lines, "BLOCK_BYTES", 9_000)
    for module in (import_inflating, import_files):
        monkeypatch.setattr(module, "PIECE_BYTES", 9_000)


def _begin(case: Case, new_world: NewWorld) -> tuple[Importing, Import, dict[str, Any]]:
    importing = Importing(new_world(leaf_entries=2))
    importing.life.push(a="one", b="two", c="three")
    importing.life.publish()
    job = importing.create(case.mode)
    event = importing.upload(job, case.body)
    importing.life.watch.calls.clear()
    return importing, job, event


def _undisturbed(case: Case, new_world: NewWorld) -> tuple[Import, list[Call]]:
    """The import as it ends when nothing goes wrong, and the calls it makes."""
    importing, job, event = _begin(case, new_world)
    importing.deliver(event)
    importing.run()
    calls = list(importing.life.watch.calls)
    return _finish(case, importing, job), calls


def _strike(case: Case, new_world: NewWorld, number: int, way: Way, calm: Import) -> None:
    importing, job, event = _begin(case, new_world)
    world, machine = importing.life, importing.life.import_machine
    world.watch.arm(number, way)
    with suppress(*FAILURES):
        importing.deliver(event)
        importing.run()
    assert world.watch.fired is not None, "the call was not reached"
    world.watch.disarm()
    world.check()
    if not importing.get(job).ended:
        died_before_it_began = not machine.executions
        assert died_before_it_began or way in {Way.DIE_BEFORE, Way.DIE_AFTER}, "it did not go on by itself"
        machine.abort_all()
        world.clock.advance(ms=0 if died_before_it_began else IMPORT_SILENT_MS)
        importing.deliver(event)
        importing.run()
    unexpected = [error for error in machine.errors if not isinstance(error, EXPECTED)]
    assert not unexpected, unexpected
    ended = _finish(case, importing, job)
    assert _facts(ended) == _facts(calm), "it differs from one that nothing happened to"


def _finish(case: Case, importing: Importing, job: Import) -> Import:
    """Hold what is stored against what was asked for, and return the import as it ended."""
    world = importing.life
    world.check()
    ended = importing.get(job)
    assert world.served() == case.served, "what is served is not what was asked for"
    events = [event for event in world.reader.read().events if event["eventType"].startswith("import.")]
    assert [event["data"]["importId"] for event in events] == [job.import_id], "an import has one end"
    assert world.source.import_id is None
    assert world.source.open_snapshot_id is None
    if ended.report_key is not None:
        assert sorted({entry["line"] for entry in importing.report(ended)}) == [2, 3]
    stored = world.finish()
    assert {name: entry.content for name, entry in stored.current.items() if name != CANARY} == case.served
    return ended


def _facts(job: Import) -> tuple[Any, ...]:
    return (
        job.state,
        job.lines,
        job.offset,
        job.plain_bytes,
        job.counts,
        job.rejected,
        job.reported,
        job.last_error,
        job.generation_id is None,
    )
