"""What failed is kept as clients see it: each error that a task can fail with is stored, and read back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from httpapi.render.imports import render_import
from httpapi.render.runs import render_run
from knowledge.errors import ApplyInProgressError, ConflictError, KnowledgeError, RunInProgressError
from knowledge.import_tasks import finish_import
from knowledge.runs.model import Run, RunMode, RunState
from knowledge.tasks import record_failure
from knowledge.times import timestamp

from testing.error_classes import OF_TASKS
from testing.import_files import Importing, ndjson

_TOLD = "What the task told, in its own words."
each_error = pytest.mark.parametrize("error", OF_TASKS, ids=lambda error: error.__name__)


def reported(error: type[KnowledgeError]) -> dict[str, str]:
    """A failure as Step Functions reports it: here, and here alone, errors go by the names of their classes."""
    cause = {"errorMessage": _TOLD, "errorType": error.__name__}
    return {"Error": error.__name__, "Cause": json.dumps(cause)}


def planning_run(life: Any) -> str:
    """A run that has no plan yet."""
    run_id, now = life.ids("run"), life.clock()
    life.knowledge.stores.runs.create_run(
        Run(
            life.tenant_id, life.source_id, run_id, RunMode.INCREMENTAL, RunState.PLANNING, 0, None, None, None,
            deadline_at=now + 60_000, created_at=now, updated_at=now,
        )
    )  # fmt: skip
    return run_id


def fail_run(life: Any, run_id: str, error: type[KnowledgeError]) -> None:
    state = {"tenantId": life.tenant_id, "sourceId": life.source_id, "runId": run_id, "error": reported(error)}
    with pytest.raises(error, match=_TOLD):
        record_failure(life.knowledge, state)


def failed_import(importing: Importing, error: type[KnowledgeError]) -> str:
    job = importing.create()
    importing.deliver(importing.upload(job, ndjson({"a": "one"})))
    ids = {"tenantId": job.tenant_id, "sourceId": job.source_id, "importId": job.import_id, "attempt": 1}
    finish_import(importing.life.knowledge, {"phase": "failed", "state": {**ids, "error": reported(error)}})
    return job.import_id


def told_of_run(life: Any, run_id: str) -> Any:
    return render_run(life.knowledge.runs.get_run(life.source, run_id))["lastError"]


def told_of_import(importing: Importing, import_id: str) -> Any:
    return render_import(importing.get(import_id))["error"]


@each_error
def test_run_that_failed_keeps_code_and_message(lean_lifecycle: Any, error: type[KnowledgeError]) -> None:
    run_id = planning_run(lean_lifecycle)
    fail_run(lean_lifecycle, run_id, error)
    kept = {"code": error.code, "message": _TOLD, "at": timestamp(lean_lifecycle.clock())}
    # That another apply or planning is at work is no failure of this one's planning.
    waits = issubclass(error, ApplyInProgressError | RunInProgressError)
    assert told_of_run(lean_lifecycle, run_id) == (None if waits else kept)


@each_error
def test_apply_that_failed_keeps_code_and_message(lean_lifecycle: Any, error: type[KnowledgeError]) -> None:
    lean_lifecycle.push(a="one")
    run_id = lean_lifecycle.run().run_id
    fail_run(lean_lifecycle, run_id, error)
    kept = {"code": error.code, "message": _TOLD, "at": timestamp(lean_lifecycle.clock())}
    assert told_of_run(lean_lifecycle, run_id) == (None if issubclass(error, ConflictError) else kept)


@each_error
def test_import_that_failed_keeps_code_and_message(importing: Importing, error: type[KnowledgeError]) -> None:
    import_id = failed_import(importing, error)
    assert told_of_import(importing, import_id) == {"code": error.code, "message": _TOLD}


@contextmanager
def renamed(classes: list[type[KnowledgeError]]) -> Iterator[None]:
    """Every class has another name, as after a deployment that renames them all."""
    names = {error: error.__name__ for error in classes}
    try:
        for error, name in names.items():
            error.__name__ = name.removesuffix("Error")[::-1].capitalize() + "Problem"
        yield
    finally:
        for error, name in names.items():
            error.__name__ = name


def test_stored_failures_outlive_the_names_of_their_classes(importing: Importing) -> None:
    life = importing.life
    runs, imports = {error: planning_run(life) for error in OF_TASKS}, {}
    for error, run_id in runs.items():
        fail_run(life, run_id, error)
        imports[error] = failed_import(importing, error)
    before = [told_of_run(life, each) for each in runs.values()]
    before += [told_of_import(importing, each) for each in imports.values()]

    with renamed(OF_TASKS):
        after = [told_of_run(life, each) for each in runs.values()]
        after += [told_of_import(importing, each) for each in imports.values()]
        late = {error: failed_import(importing, error) for error in OF_TASKS}
        codes = {error: told_of_import(importing, import_id)["code"] for error, import_id in late.items()}
    assert after == before
    assert codes == {error: error.code for error in OF_TASKS}


def test_no_row_names_a_class(importing: Importing) -> None:
    life = importing.life
    for error in OF_TASKS:
        fail_run(life, planning_run(life), error)
        failed_import(importing, error)
    rows = life.clients.dynamodb.scan(TableName=life.settings.catalog_table)["Items"]
    assert {error.code for error in OF_TASKS} <= set(re.findall(r"\w+", str(rows)))
    assert re.findall(r"\b[A-Z]\w*(?:Error|Exception)\b", str(rows)) == []
