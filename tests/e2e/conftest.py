"""What the tests over real HTTP need; they look at the process table, so they run on Linux."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.stack import StackProcess, require_whole_stack

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what reads /proc where there is none."""
    if sys.platform == "linux":
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="the end-to-end tests read /proc"))


@pytest.fixture(scope="module")
def started() -> Iterator[Browser]:
    """A browser of the tests of a module."""
    # Imported here, because few tests need one.
    from tests.support.widget_browser import browser

    with browser() as running:
        yield running


@pytest.fixture
def own_stack(tmp_path: Path) -> Any:
    """A factory of stacks that a test may kill; each is ended with the test."""
    require_whole_stack()
    started: list[StackProcess] = []

    def start(*options: str, **more: Any) -> StackProcess:
        folder = tmp_path / f"stack{len(started)}"
        folder.mkdir()
        stack = StackProcess(folder, *options, **more)
        stack.start()
        started.append(stack)
        return stack

    yield start
    for stack in started:
        stack.stop()
