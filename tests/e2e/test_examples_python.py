"""examples/python as a user runs it. What its package does has tests of its own."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.e2e.example_checks import (
    EXAMPLES,
    PACKAGE,
    check_complaints,
    check_walk_through,
    environment_of,
    run_example,
)
from tests.e2e.receiver_checks import check_receiver, check_receiver_complaints
from tests.support.stack import StackProcess

PYTHON = EXAMPLES / "python"


def run_with_package(*command: str | Path, environment: Mapping[str, str], code: int = 0) -> Any:
    """Run an example as one who has the package installed."""
    return run_example(*command, environment={**environment, **PACKAGE}, code=code)


def test_quickstart_publishes_what_it_says(local_stack: StackProcess) -> None:
    done = run_with_package(sys.executable, PYTHON / "quickstart.py", environment=environment_of(local_stack))
    check_walk_through(local_stack, done.stdout)


def test_quickstart_says_what_is_missing_or_refused() -> None:
    check_complaints(sys.executable, PYTHON / "quickstart.py", environment=PACKAGE, path="/api/v1/sources")


def test_receiver_prints_each_verified_event_once() -> None:
    check_receiver(sys.executable, PYTHON / "webhook_receiver.py", environment=PACKAGE)


def test_receiver_says_how_it_is_used() -> None:
    done = run_with_package(sys.executable, PYTHON / "webhook_receiver.py", "--prot", "1", environment={}, code=2)
    assert "--prot" in done.stderr
    assert "usage: " in done.stderr
    check_receiver_complaints(sys.executable, PYTHON / "webhook_receiver.py", environment=PACKAGE)
