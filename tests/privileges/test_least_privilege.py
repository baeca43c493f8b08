"""Every function may do what it does, and nothing else: policies against the AWS calls of all other tests.

`make test` records the calls of all other tests and runs this at the end. What the account gives on its own (logs,
tracing, the polling of streams and queues) comes with managed policies that SAM attaches, and is none of this.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local.template import Template
from local.workers.calls import FOLDER, UNNAMED_KEY
from tests.privileges.exceptions import TELLS_MISSING_OBJECTS, UNSEEN
from tests.privileges.grants import Fact, conditions, granted, meets, used, used_with_keys
from tests.support.stack import require_whole_stack


@pytest.fixture
def calls(template: Template) -> set[Fact]:
    """What the functions did in a run of all tests."""
    if FOLDER not in os.environ:
        pytest.skip(f"needs the calls of all tests: run `make test`, or all other tests with {FOLDER} set to a folder")
    # Without it most tests over HTTP were skipped.
    require_whole_stack()
    folder = Path(os.environ[FOLDER])
    found = used(template, folder)
    assert found, f"{folder} holds no recorded calls"
    return found


def test_no_function_does_what_it_may_not(template: Template, calls: set[Fact]) -> None:
    allowed = granted(template)
    for function, action, resource in sorted(calls - allowed):
        # What is opened names its key itself: any key will do that the function may open with.
        opens = any(fact[:2] == (function, action) for fact in allowed)
        assert resource == UNNAMED_KEY and opens, f"{function} does {action} on {resource}: grant it in template.yaml"


def test_no_function_may_do_what_it_never_does(template: Template, calls: set[Fact]) -> None:
    unused = {fact for fact in granted(template) - calls - UNSEEN.keys() if not _explained(fact, calls)}
    assert sorted(unused) == [], "granted but used by no test: take it from template.yaml, or add the missing test"


def test_functions_meet_the_conditions_that_they_may_under(template: Template, calls: set[Fact]) -> None:
    conditioned = conditions(template)
    judged = 0
    for fact, keys in sorted(used_with_keys(template, Path(os.environ[FOLDER]))):
        function, action, resource = fact
        of = [
            condition
            for other, condition in conditioned.items()
            if other == fact or (resource == UNNAMED_KEY and other[:2] == (function, action))
        ]
        judged += len(of)
        assert not of or any(meets(condition, keys) for condition in of), f"{function} does {action} with {keys}"
    assert judged >= len(conditioned)


def test_exceptions_are_still_exceptions(template: Template, calls: set[Fact]) -> None:
    assert set(UNSEEN) - granted(template) == set()
    assert set(UNSEEN) & calls == set()


def _explained(fact: Fact, calls: set[Fact]) -> bool:
    function, action, _ = fact
    if action == TELLS_MISSING_OBJECTS:
        return any(call[:2] == (function, "s3:GetObject") for call in calls)
    return action == "kms:Decrypt" and (function, action, UNNAMED_KEY) in calls
