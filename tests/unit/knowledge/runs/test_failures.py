"""A failure that a machine reports becomes the domain error it was."""

from __future__ import annotations

import json

import pytest
from knowledge.errors import BuildFailedError, RunFailedError, StaleBaseError
from knowledge.runs.failures import TaskFailure, domain_error


def test_own_error_comes_back_with_its_text() -> None:
    error = domain_error(TaskFailure("StaleBaseError", json.dumps({"errorMessage": "Look again."})), RunFailedError)
    assert (type(error), str(error)) == (StaleBaseError, "Look again.")


@pytest.mark.parametrize("cause", ["", "{", "[]", "7", "null", "{}", '{"errorMessage": ""}', '"errorMessage"'])
def test_text_that_can_not_be_read_is_the_usual_one(cause: str) -> None:
    error = domain_error(TaskFailure("StaleBaseError", cause), RunFailedError)
    assert (type(error), str(error)) == (StaleBaseError, StaleBaseError.message)


@pytest.mark.parametrize("name", ["ValueError", "States.Timeout", "Lambda.Unknown", "", "Sandbox.Timedout"])
@pytest.mark.parametrize("otherwise", [RunFailedError, BuildFailedError])
def test_error_of_others_keeps_its_text_to_itself(name: str, otherwise: type[RunFailedError]) -> None:
    error = domain_error(TaskFailure(name, json.dumps({"errorMessage": "a secret"})), otherwise)
    assert (type(error), str(error)) == (otherwise, otherwise.message)
