"""The process that performs another language's calls, when one of them goes wrong: the next is none the worse."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.driver_process import Driver

SCRIPT = """
import json, os, signal, sys, time
for line in sys.stdin:
    operation = json.loads(line)["operation"]
    if operation == "die":
        sys.exit(3)
    if operation == "stammer":
        print("no JSON")
    if operation == "interrupt":
        time.sleep(0.3)
        os.kill(os.getppid(), signal.SIGUSR1)
        time.sleep(0.3)
    print(json.dumps({"result": operation}), flush=True)
"""


class EndedError(BaseException):
    """Raised in the middle of a call, as pytest-timeout or Ctrl-C do."""


@pytest.fixture
def driver() -> Iterator[Driver]:
    with Driver(sys.executable, "-c", SCRIPT, environment=os.environ) as process:
        yield process


def check_calls(driver: Driver) -> None:
    for operation in ("one", "two"):
        assert driver.ask(operation=operation) == {"result": operation}


def test_driver_that_ended_is_told_and_started_anew(driver: Driver) -> None:
    check_calls(driver)
    with pytest.raises(pytest.fail.Exception, match="ended instead of answering: exit code 3"):
        driver.ask(operation="die")
    check_calls(driver)


def test_driver_that_is_out_of_step_is_started_anew(driver: Driver) -> None:
    with pytest.raises(json.JSONDecodeError):
        driver.ask(operation="stammer")
    check_calls(driver)


def test_answer_to_a_call_that_was_interrupted_is_nobodys(driver: Driver) -> None:
    def end(*_: object) -> None:
        raise EndedError

    before = signal.signal(signal.SIGUSR1, end)
    try:
        with pytest.raises(EndedError):
            driver.ask(operation="interrupt")
    finally:
        signal.signal(signal.SIGUSR1, before)
    check_calls(driver)
