"""What the tests over real HTTP need; they look at the process table, so they run on Linux."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.stack import StackProcess, require_whole_stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser

    from tests.support.portal import Portal


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
def portal(started: Browser, local_stack: StackProcess) -> Iterator[Callable[..., Portal]]:
    """Open portals, each of another person; what a test did not close is closed."""
    from tests.support.portal import Portal

    opened: list[Portal] = []

    def open_portal(**options: Any) -> Portal:
        opened.append(Portal(started, local_stack, **options))
        return opened[-1]

    yield open_portal
    for each in opened:
        each.context.close()


@pytest.fixture
def tenant(local_stack: StackProcess) -> str:
    """The administrator's key of a tenant that has nothing yet."""
    from tests.support.portal import new_tenant

    return new_tenant(local_stack)


@pytest.fixture
def filled(local_stack: StackProcess, tenant: str) -> tuple[str, str]:
    """The administrator's key of a tenant, and its source of three published items; a fourth is staged alone."""
    with local_stack.client(tenant) as api:
        source: str = api.post("v1/sources", json={"name": "Help centre"}).json()["source"]["id"]
        items = [
            {"externalItemId": "faq/1 ä", "title": "Refunds", "content": "Refunds take **14** days.", **_MARKDOWN},
            {"externalItemId": "faq-2", "title": "Delivery", "content": "Within two days.", "tags": ["post"]},
            {"externalItemId": "faq-3", "title": "كيف أعيد طلبا", "content": "اتصل بنا", "language": "ar"},
        ]
        assert api.post(f"v1/sources/{source}/items/batch", json={"items": items}).is_success
        run = api.post(f"v1/sources/{source}/runs").json()["run"]["id"]
        assert api.post(f"v1/sources/{source}/runs/{run}/apply").status_code == 200
        late = {"externalItemId": "faq-4", "title": "Opening hours", "content": "From nine to five."}
        assert api.post(f"v1/sources/{source}/items", json=late).is_success
    return tenant, source


_MARKDOWN = {"contentType": "text/markdown"}


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
