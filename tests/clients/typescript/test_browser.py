"""The package in a browser, as it came out of its tarball: what fetch, streams and CORS are like there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.tenant import Tenant

pytestmark = pytest.mark.long
HERE = Path(__file__).parent
FOLDER = "/client-of-a-test/"


@pytest.fixture
def page(environment: dict[str, str]) -> Iterator[Any]:
    """A page; under FOLDER every origin has the package, and nothing else of it is there."""
    # Imported here, because few tests need one.
    from tests.support.widget_browser import browser

    build = Path(environment["CLIENT_BUILD"])

    def serve(route: Any, request: Any) -> None:
        name = request.url.partition(FOLDER)[2]
        file = HERE / name if name == "page.mjs" else build / name
        if name == "":
            route.fulfill(body="<!doctype html><title>Page</title>", content_type="text/html")
        else:
            route.fulfill(path=file, content_type="text/javascript")

    with browser() as started:
        # A page that comes from nowhere is asked for, before it may speak to this machine.
        context = started.new_context(permissions=["local-network-access"])
        context.route(f"**{FOLDER}**", serve)
        yield context.new_page()
        context.close()


def told(page: Any, origin: str, name: str, *arguments: Any) -> Any:
    page.goto(f"{origin}{FOLDER}")
    script = "async ([folder, name, given]) => (await import(folder + 'page.mjs'))[name](...given)"
    return page.evaluate(script, [FOLDER, name, arguments])


def test_page_publishes_exports_imports_and_asks(page: Any, tenant: Tenant) -> None:
    origin = tenant.base_url.removesuffix("/api")
    came = told(page, origin, "publish", tenant.base_url, tenant.token)
    source_id = came.pop("sourceId")
    assert came == {
        "tagged": True,
        "served": {"a/b": 21, "large": 1_000_000},
        "whole": True,
        "imported": ["completed", 2, 2],
        "away": "NoAnswerError",
        "unsigned": 400,
    }
    # To the browser `localhost` is another origin: it asks before it sends, and shows what it is allowed to.
    foreign = origin.replace("127.0.0.1", "localhost")
    wanted = {"kind": "browser", "sourceIds": [source_id], "allowedOrigins": [foreign]}
    key = tenant.key(**wanted)
    assert told(page, foreign, "ask", tenant.base_url, key, source_id) == {
        "found": ["A"],
        "status": "answered",
        "refused": ["validation_error", True],
        "hidden": "NoAnswerError",
    }
