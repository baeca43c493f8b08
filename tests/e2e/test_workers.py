"""Worker processes on their own: time-outs, failures, sizes, and how many run at once."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.workers.pool import FunctionPool, FunctionSpec
from tests.support.stack import alive, eventually

CODE = """
import json, os, sys, time
print("imported")
def handler(event, context):
    if event.get("wait"):
        time.sleep(event["wait"])
    if event.get("raise"):
        raise ValueError(event["raise"])
    if event.get("size"):
        return "x" * event["size"]
    return {"pid": os.getpid(), "left": context.get_remaining_time_in_millis(), "id": context.aws_request_id}
"""

MakePool = Callable[..., FunctionPool]


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def make_pool(tmp_path: Path, lines: list[str]) -> Iterator[MakePool]:
    pools: list[FunctionPool] = []
    with ThreadPoolExecutor(1) as spawner:

        def make(code: str = CODE, *, size: int = 1, timeout_seconds: int = 5) -> FunctionPool:
            (tmp_path / "app.py").write_text(code)
            environment = {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(tmp_path),
                "_HANDLER": "app.handler",
                "AWS_LAMBDA_FUNCTION_NAME": "test",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/test",
                "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            }
            spec = FunctionSpec("TestFunction", "test", "arn:test", timeout_seconds, environment, tmp_path)
            pool = FunctionPool(spec, size, spawner, lambda name, line: lines.append(f"{name} {line}"))
            pools.append(pool)
            return pool

        yield make
        for pool in pools:
            pool.close()


def test_worker_is_reused_and_told_its_request(make_pool: MakePool, lines: list[str]) -> None:
    pool = make_pool()
    first, second = (json.loads(pool.invoke(b"{}", name).payload) for name in ("one", "two"))
    assert first["pid"] == second["pid"]
    assert second["id"] == "two"
    assert 4_000 < second["left"] <= 5_000
    eventually(lambda: lines == ["TestFunction imported"])


def test_worker_that_takes_too_long_is_replaced(make_pool: MakePool) -> None:
    pool = make_pool(timeout_seconds=1)
    before = json.loads(pool.invoke(b"{}").payload)["pid"]
    outcome = pool.invoke(b'{"wait": 30}')
    assert outcome.failed
    assert json.loads(outcome.payload)["errorType"] == "Sandbox.Timedout"
    assert not alive(before)
    assert json.loads(pool.invoke(b"{}").payload)["pid"] != before


def test_error_of_a_handler_leaves_its_worker_alive(make_pool: MakePool) -> None:
    pool = make_pool()
    outcome = pool.invoke(b'{"raise": "no"}')
    error = json.loads(outcome.payload)
    assert (outcome.failed, error["errorType"], error["errorMessage"]) == (True, "ValueError", "no")
    assert not pool.invoke(b"{}").failed
    assert len(pool.worker_pids()) == 1


def test_module_that_does_not_import_is_reported_each_time(make_pool: MakePool, lines: list[str]) -> None:
    pool = make_pool("import no_such_module")
    for _ in range(2):
        outcome = pool.invoke(b"{}")
        assert json.loads(outcome.payload)["errorType"] == "ModuleNotFoundError"
    eventually(lambda: any("no_such_module" in line for line in lines))


def test_answer_over_six_megabytes_is_an_error(make_pool: MakePool) -> None:
    pool = make_pool()
    assert not pool.invoke(b'{"size": 6000000}').failed
    assert json.loads(pool.invoke(b'{"size": 6300000}').payload)["errorType"] == "Function.ResponseSizeTooLarge"


def test_as_many_workers_run_at_once_as_allowed(make_pool: MakePool) -> None:
    pool = make_pool(size=2)
    pids = set()

    def invoke() -> None:
        pids.add(json.loads(pool.invoke(b'{"wait": 0.3}').payload)["pid"])

    threads = [threading.Thread(target=invoke) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 2
    assert sorted(pool.worker_pids()) == sorted(pids)
