"""The widget and its files over the local stack: served, embedded with a hash, searching with a key for web pages."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from local.template import ROOT
from tests.support.stack import StackProcess
from tests.support.widget_browser import Visit

SITE = ROOT / "functions" / "serve_site" / "site"
MANIFEST = json.loads((SITE / "widget" / "widget.json").read_text("utf-8"))


@pytest.fixture
def site(local_stack: StackProcess) -> str:
    return f"{local_stack.credentials['baseUrl']}/site"


def published(stack: StackProcess) -> str:
    """Publish an item, and return a key for pages of the stack's own origin."""
    with stack.client() as api:
        source: str = api.post("v1/sources", json={"name": "Help"}).json()["source"]["id"]
        item = {
            "externalItemId": "a",
            "title": "Refunds",
            "content": "We refund orders within 14 days.",
            "url": "https://x.example/a",
        }
        api.post(f"v1/sources/{source}/items", json=item)
        run = api.post(f"v1/sources/{source}/runs").json()["run"]["id"]
        assert api.post(f"v1/sources/{source}/runs/{run}/apply").status_code == 200
        assert api.patch(f"v1/sources/{source}", json={"questionLog": "on"}).status_code == 200
    origin = stack.credentials["baseUrl"].removesuffix("/api")
    wanted = {"name": "page", "kind": "browser", "sourceIds": [source], "allowedOrigins": [origin]}
    with stack.client(stack.credentials["adminKey"]) as admin:
        made: dict[str, Any] = admin.post("v1/admin/keys", json=wanted).json()
    return str(made["secret"])


def test_file_is_served_for_good_and_its_bytes_are_those_of_the_repository(site: str) -> None:
    url = f"{site}/widget/{MANIFEST['file']}"
    for taken in ("identity", "gzip"):
        got = httpx.get(url, headers={"Accept-Encoding": taken}, trust_env=False)
        assert (got.status_code, got.content) == (200, (SITE / "widget" / MANIFEST["file"]).read_bytes())
        assert got.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        again = httpx.get(
            url, headers={"Accept-Encoding": taken, "If-None-Match": got.headers["ETag"]}, trust_env=False
        )
        assert (again.status_code, again.content) == (304, b"")
        head = httpx.head(url, headers={"Accept-Encoding": taken}, trust_env=False)
        assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", got.headers["ETag"])
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
    newest = httpx.get(f"{site}/widget/latest/widget.js", follow_redirects=True, trust_env=False)
    assert str(newest.url) == url


@pytest.mark.parametrize(
    "name", ["nothing", "../app.py", "%2e%2e/app.py", "..%2fapp.py", "widget/", "widget", "app.py"]
)
def test_nothing_else_is_served(site: str, name: str) -> None:
    origin, _, path = site.partition("/api")
    with httpx.Client(trust_env=False) as client:
        request = client.build_request("GET", origin)
        request.url = request.url.copy_with(raw_path=f"/api{path}/{name}".encode())
        got = client.send(request)
    assert (got.status_code, got.json()["code"]) == (404, "not_found")
    assert got.headers["Cache-Control"] == "no-store"


def test_other_methods_are_refused(site: str) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        got = httpx.request(method, f"{site}/try.html", trust_env=False)
        assert (got.status_code, got.json()["code"], got.headers["Allow"]) == (405, "method_not_allowed", "GET, HEAD")


def test_the_page_to_try_it_on_searches_and_shows_what_to_embed(
    local_stack: StackProcess, started: Browser, site: str
) -> None:
    seen = Visit(started, f"{site}/try.html#{published(local_stack)}")
    seen.type("refunds")
    expect(seen.part("title")).to_have_text("Refunds")
    seen.page.keyboard.press("Escape")
    assert seen.faults() == []
    snippet = seen.page.get_by_label("What to put on your page")
    expect(snippet).to_contain_text(f'src="{site}/widget/{MANIFEST["file"]}"')
    expect(snippet).to_contain_text(f'integrity="{MANIFEST["integrity"]}"')
    seen.page.get_by_label("Language").select_option("de")
    expect(seen.part("ask")).to_have_text("Fragen")
    seen.close()


def test_a_question_is_answered_with_its_source_and_its_answer_judged(
    local_stack: StackProcess, started: Browser, site: str
) -> None:
    seen = Visit(started, f"{site}/try.html#{published(local_stack)}")
    seen.ask("Within how many days do you refund orders?")
    expect(seen.part("text")).to_contain_text("We refund orders within 14 days.")
    expect(seen.part("quote")).to_have_text("We refund orders within 14 days.")
    expect(seen.part("link")).to_have_attribute("href", "https://x.example/a")
    seen.page.get_by_role("button", name="Yes").click()
    expect(seen.part("feedback")).to_have_text("Thank you.")
    assert seen.faults() == []
    seen.close()


def test_a_page_that_the_key_does_not_allow_gets_nothing(
    local_stack: StackProcess, started: Browser, site: str
) -> None:
    """To the browser `localhost` is another origin, and the key names `127.0.0.1` alone."""
    seen = Visit(started, f"{site.replace('127.0.0.1', 'localhost')}/try.html#{published(local_stack)}")
    seen.type("refunds")
    expect(seen.page.get_by_role("alert")).to_contain_text("not set up for this page")
    assert any("403 origin_not_allowed" in line for line in seen.said)
    seen.close()
