"""Worker processes on their own: time-outs, failures, sizes, and how many run at once."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.workers.functions import FunctionSpec
from local.workers.pool import FunctionPool
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
        return event.get("of", "x") * event["size"]
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
    pool = make_pool(timeout_seconds=300)
    first, second = (json.loads(pool.invoke(b"{}", name).payload) for name in ("one", "two"))
    assert first["pid"] == second["pid"]
    assert second["id"] == "two"
    assert 200_000 < second["left"] <= 300_000
    eventually(lambda: lines == ["TestFunction imported"])


def test_workers_too_many_end_when_they_have_nothing_to_do(make_pool: MakePool) -> None:
    pool = make_pool(size=3)
    with ThreadPoolExecutor(3) as callers:
        list(callers.map(pool.invoke, [b'{"wait": 1}'] * 3))
    started = pool.worker_pids()
    assert len(started) > 1
    pool.end_idle()
    assert pool.worker_pids() == started
    pool.end_idle(seconds=0)
    (kept,) = pool.worker_pids()
    assert json.loads(pool.invoke(b"{}").payload)["pid"] == kept
    eventually(lambda: [pid for pid in started if alive(pid)] == [kept])


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
    # The string stands in two quotes.
    assert not pool.invoke(b'{"size": 6291554}').failed
    assert json.loads(pool.invoke(b'{"size": 6291555}').payload)["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(("character", "written_bytes"), [("ж", 2), ("中", 3), ("😀", 4), ('\\"', 2), ("\\u0001", 6)])
def test_answer_is_weighed_as_the_runtime_writes_it(make_pool: MakePool, character: str, written_bytes: int) -> None:
    outcome = make_pool().invoke(f'{{"size": 1000000, "of": "{character}"}}'.encode())
    assert not outcome.failed
    assert len(outcome.payload) == 1_000_000 * written_bytes + 2


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


# Sends a frame in the middle of an invocation, which is what its caller takes for the answer: `told` is its header.
OUT_OF_STEP = """
import os, struct, sys
def handler(event, context):
    told = event.get("told", "").encode()
    if told:
        os.write(int(sys.argv[1]), struct.pack(">II", len(told), 0) + told)
    return "of " + context.aws_request_id
"""


@pytest.mark.parametrize("told", ["no JSON", "[]", '{"ready": true}'])
def test_worker_that_is_out_of_step_is_replaced(make_pool: MakePool, told: str) -> None:
    pool = make_pool(OUT_OF_STEP)
    assert json.loads(pool.invoke(b"{}", "one").payload) == "of one"
    outcome = pool.invoke(json.dumps({"told": told}).encode(), "two")
    assert (outcome.failed, json.loads(outcome.payload)["errorType"]) == (True, "Runtime.ExitError")
    # The pool has one place, which is free again, and what "two" answered after all is not the answer to "three".
    assert json.loads(pool.invoke(b"{}", "three").payload) == "of three"


# Has its caller interrupted while it works.
INTERRUPTING = """
import os, signal, time
def handler(event, context):
    time.sleep(0.3)
    os.kill(event["caller"], signal.SIGUSR1)
    time.sleep(60)
"""


class EndedError(BaseException):
    """Raised in the middle of an invocation, as by Ctrl-C."""


def test_worker_whose_caller_was_interrupted_is_replaced(make_pool: MakePool) -> None:
    def end(*_: object) -> None:
        raise EndedError

    pool = make_pool(INTERRUPTING, timeout_seconds=90)
    before = signal.signal(signal.SIGUSR1, end)
    try:
        with pytest.raises(EndedError):
            pool.invoke(json.dumps({"caller": os.getpid()}).encode())
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert pool.worker_pids() == []
