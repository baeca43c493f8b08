"""The portal's frame and Home: signing in and out, an empty tenant's first item, figures."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.portal import BUILT, Portal, first_screen, require_portal
from tests.support.stack import StackProcess

Opening = Callable[..., Portal]
FIRST_SCREEN_BYTES = 80 * 1024


def test_signing_in_leads_to_where_one_was_and_out_again(portal: Opening, tenant: str) -> None:
    person = portal()
    page = person.open("#/home")
    expect(page.get_by_label("API key")).to_be_focused()
    person.check()
    person.picture("sign-in")
    page.keyboard.type("mine")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("sk_live_")
    page.get_by_label("API key").fill("sk_live_AAAAAAAAAAAAAAAA_" + "a" * 43)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(re.compile("invalid_key.*Request id", re.DOTALL))
    person.sign_in(tenant)
    expect(page.get_by_role("heading", level=1)).to_have_text("Publish your first item")
    # The tab keeps a session, never the key, and an address keeps neither.
    assert tenant not in page.evaluate("JSON.stringify([sessionStorage, localStorage, location.href])")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Publish your first item")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
    person.close(refused=(401,))


def test_a_session_that_ended_leads_back_to_the_place(portal: Opening, tenant: str, local_stack: StackProcess) -> None:
    with local_stack.client(tenant) as api:
        source = api.post("v1/sources", json={"name": "Help"}).json()["source"]["id"]
    person = portal()
    page = person.open(f"#/content/{source}?state=removed", key=tenant)
    expect(page.get_by_role("heading", name="No item fits")).to_be_visible()
    with local_stack.client(tenant) as api:
        (open_one,) = api.get("v1/portal/sessions").json()["sessions"]
        assert api.delete(f"v1/portal/sessions/{open_one['id']}").status_code == 200
    # The page is another one at once, so nobody waits for what was chosen to be so.
    page.get_by_role("radio", name="All").evaluate("radio => radio.click()")
    expect(page.get_by_text("Your session was ended")).to_be_visible()
    person.sign_in(tenant)
    expect(page.get_by_role("heading", name="Nothing is staged yet")).to_be_visible()
    assert page.url.endswith(f"#/content/{source}")
    person.close(refused=(401,))


def test_an_empty_tenant_is_led_to_a_live_item_by_a_line_that_works(
    portal: Opening, tenant: str, local_stack: StackProcess
) -> None:
    person = portal(color_scheme="dark")
    page = person.open(key=tenant)
    page.get_by_role("button", name="Make the source").click()
    page.get_by_role("button", name="Make the key").click()
    line = page.locator("#push-line").inner_text()
    person.check()
    assert subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=60).stdout
    expect(page.get_by_text("The first item arrived: faq-1")).to_be_visible()
    person.picture("quickstart-dark")
    page.get_by_role("button", name="Find the changes").click()
    expect(page.get_by_text("The run found 1 change.")).to_be_visible()
    page.get_by_role("button", name="Publish: make it live").click()
    page.get_by_role("button", name="What is live").click()
    card = page.get_by_role("article", name="Help centre")
    expect(card.get_by_text("1 item served")).to_be_visible()
    expect(card.get_by_text("by admin")).to_be_visible()
    expect(card.get_by_text("off", exact=True)).to_be_visible()
    person.check()
    person.picture("home-dark")
    page.get_by_label("Language").select_option("de")
    expect(card.get_by_text("1 Eintrag ausgeliefert")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "de"
    with local_stack.client(tenant) as api:
        assert api.get("v1/sources").json()["sources"][0]["sequence"] == 1
    person.close()


def test_the_first_screen_is_small(capsys: pytest.CaptureFixture[str], local_stack: StackProcess) -> None:
    require_portal()
    files = first_screen(BUILT)
    url = f"{local_stack.credentials['baseUrl']}/site/portal/"
    sizes = {}
    with httpx.Client(trust_env=False) as client:
        for name in files:
            answer = client.head(url + name)
            assert answer.status_code == 200
            sizes[name] = int(answer.headers["Content-Length"])
        assert client.get(url.rstrip("/")).headers["Location"] == "portal/index.html"
    with capsys.disabled():
        print(f"\nportal, first screen: {sum(sizes.values())} bytes, {len(sizes)} requests")  # noqa: T201
    assert sum(sizes.values()) <= FIRST_SCREEN_BYTES
