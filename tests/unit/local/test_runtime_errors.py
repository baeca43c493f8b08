"""What a worker prints of an error: a crash whole, a refusal in one line."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.errors import KnowledgeError, StaleBaseError
from telemetry import tasks

from local.workers import runtime

HEADER = {"traceId": "Root=1", "requestId": "r-1", "deadlineMs": 0, "functionName": "f", "memoryMb": 128, "arn": "arn"}


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(runtime, "LambdaContext", lambda header: header)
    # The runtime sets it; what a test set is taken back.
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "")

    def answer(error: Exception) -> tuple[bool, bytes]:
        def handler(_event: Any, _context: Any) -> None:
            try:
                raise ValueError("underneath")
            except ValueError as cause:
                raise error from cause

        return runtime._answer(tasks.observed("build_generation")(handler), HEADER, b"{}")

    return answer


def test_refusal_is_printed_in_one_line(answer: Any, capfd: pytest.CaptureFixture[str]) -> None:
    refusal: KnowledgeError = StaleBaseError()
    done, document = answer(refusal)
    assert (done, b'"StaleBaseError"' in document) == (False, True)
    assert capfd.readouterr().err == f"[ERROR] StaleBaseError: {refusal}\n"


def test_crash_is_printed_with_where_it_came_from(answer: Any, capfd: pytest.CaptureFixture[str]) -> None:
    answer(RuntimeError("broken"))
    printed = capfd.readouterr().err
    assert "underneath" in printed
    assert "in handler" in printed
