"""examples/javascript as a user runs it, beside the package from its tarball. What that does has tests of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.example_checks import (
    check_complaints,
    check_walk_through,
    environment_of,
    require_tool,
    run_example,
)
from tests.e2e.npm_package import javascript_examples
from tests.e2e.receiver_checks import check_receiver, check_receiver_complaints
from tests.support.stack import StackProcess


@pytest.fixture(scope="module")
def node() -> str:
    return require_tool("node")


@pytest.fixture(scope="module")
def javascript(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return javascript_examples(tmp_path_factory.mktemp("examples"))


def test_quickstart_publishes_what_it_says(local_stack: StackProcess, node: str, javascript: Path) -> None:
    done = run_example(node, javascript / "quickstart.mjs", environment=environment_of(local_stack))
    check_walk_through(local_stack, done.stdout)


def test_quickstart_says_what_is_missing_or_refused(node: str, javascript: Path) -> None:
    check_complaints(node, javascript / "quickstart.mjs", environment={}, path="/api/v1/sources")


def test_receiver_prints_each_verified_event_once(node: str, javascript: Path) -> None:
    check_receiver(node, javascript / "webhook-receiver.mjs")


def test_receiver_says_how_it_is_used(node: str, javascript: Path) -> None:
    done = run_example(node, javascript / "webhook-receiver.mjs", "--prot", "1", environment={}, code=2)
    assert "--prot" in done.stderr
    assert "usage: " in done.stderr
    check_receiver_complaints(node, javascript / "webhook-receiver.mjs")
