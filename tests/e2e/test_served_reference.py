"""The contract, the reference and llms.txt as the stack serves them, and the page in a real browser."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest
from openapi_spec_validator import validate
from playwright.sync_api import Browser, expect

from testing import spec
from tests.support.stack import StackProcess
from tests.support.widget_browser import serious_faults


def test_contract_names_the_server_that_it_is_asked_at(local_stack: StackProcess) -> None:
    base_url = local_stack.credentials["baseUrl"]
    got = httpx.get(f"{base_url}/openapi.json", trust_env=False)
    assert (got.status_code, got.headers["Content-Type"]) == (200, "application/json")
    document = got.json()
    validate(document)
    assert document["servers"] == [{"url": base_url}]
    assert len(document["paths"]) == len({operation.path for operation in spec.operations()})
    again = httpx.get(f"{base_url}/openapi.json", headers={"If-None-Match": got.headers["ETag"]}, trust_env=False)
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.post(f"{base_url}/openapi.json", trust_env=False).status_code == 405


def test_list_for_models_leads_to_what_there_is(local_stack: StackProcess) -> None:
    got = httpx.get(f"{local_stack.credentials['baseUrl']}/site/llms.txt", trust_env=False)
    assert got.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert got.text.startswith("# Developer API\n")
    for link in ("../openapi.json", "docs"):
        assert f"]({link})" in got.text
        assert httpx.get(got.url.join(link), trust_env=False).status_code == 200


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_reference_is_read_in_a_browser_that_asks_nobody_else(
    local_stack: StackProcess, started: Browser, width: int, scheme: str
) -> None:
    base_url = local_stack.credentials["baseUrl"]
    context = started.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    answer = page.goto(f"{base_url}/site/docs")
    assert answer is not None and "default-src 'none'" in answer.headers["content-security-policy"]
    expect(page.get_by_role("heading", level=1)).to_have_text("Developer API: reference")
    page.get_by_role("link", name="POST /v1/sources", exact=True).first.click()
    expect(page.get_by_role("heading", name="POST /v1/sources", exact=True)).to_be_in_viewport()
    assert serious_faults(page) == []
    assert set(asked) == {f"{base_url}/site/docs", f"{base_url}/site/docs.css"}
    # A browser asks each site for a picture of it, too, and there is none.
    assert [text for text in said if "status of 404" not in text] == []
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"reference-{scheme}.png")
    context.close()
