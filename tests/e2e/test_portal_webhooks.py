"""The portal's screen Webhooks: one is made, tested, mended after it failed, and deleted."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.test_portal_keys import close_for_good, shown_secret
from tests.e2e.test_webhooks_stack import listening
from tests.support.portal import Portal
from tests.support.portal_source import SCRIPT
from tests.support.stack import PATIENCE_SECONDS, StackProcess, eventually

Opening = Callable[..., Portal]


def test_a_webhook_is_made_tested_and_told_again_what_it_missed(
    portal: Opening, tenant: str, local_stack: StackProcess
) -> None:
    answers = [200]
    with listening(lambda: answers[0]) as (url, posts):
        person = portal(viewport={"width": 1280, "height": 900})
        page = person.open("#/webhooks", key=tenant)
        page.get_by_label("Event").select_option("generation.published")
        sample = json.loads(page.get_by_role("region", name="Example").inner_text())
        assert (sample["type"], sample["data"]["sequence"]) == ("generation.published", 1)
        page.get_by_role("button", name="New webhook").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Address").fill(url)
        dialog.get_by_label("What it is for").fill(SCRIPT)
        dialog.get_by_label("Only these").first.check()
        dialog.get_by_label("run.ready").check()
        person.check()
        dialog.get_by_role("button", name="Make the webhook").click()
        secret = shown_secret(dialog)
        assert secret.startswith("whsec_")
        close_for_good(page, secret)
        page.get_by_role("listitem").get_by_role("link", name=SCRIPT).click()
        expect(page.get_by_role("heading", level=1, name=url)).to_be_visible()

        page.get_by_role("button", name="Send a test").click()
        deliveries = page.get_by_role("region", name="Deliveries").locator(".deliveries > li")
        expect(deliveries.get_by_text("Delivered")).to_be_visible()
        _, body = posts.get(timeout=PATIENCE_SECONDS)
        sent = json.loads(body)
        deliveries.locator("summary").click()
        shown = json.loads(deliveries.get_by_role("region", name="What its body looks like").inner_text())
        assert (shown["id"], shown["type"], shown.keys()) == (sent["id"], "webhook.test", sent.keys())
        expect(deliveries.locator(".attempts")).to_contain_text("200")
        person.check()
        person.picture("webhook")
        deliveries.get_by_role("button", name="Deliver again").click()
        posts.get(timeout=PATIENCE_SECONDS)
        expect(deliveries.locator(".attempts > li")).to_have_count(2)

        page.get_by_role("button", name="Deliver again what failed").click()
        dialog.get_by_role("button", name="Deliver again").click()
        expect(dialog).to_contain_text("0 deliveries are on their way again.")
        dialog.get_by_role("button", name="Close").last.click()

        page.get_by_role("button", name="New secret").click()
        dialog.get_by_role("button", name="New secret").click()
        second = shown_secret(dialog)
        assert second != secret
        close_for_good(page, second)
        expect(page.get_by_text("The secret before signs as well until")).to_be_visible()
        page.get_by_role("button", name="Edit").click()
        dialog.get_by_label("key.created").check()
        dialog.get_by_role("button", name="Save").click()
        expect(page.locator("main dl")).to_contain_text("key.created")

        # A receiver that is gone is told nothing more until somebody enables it; only a test goes there all the same.
        answers[0] = 410
        with local_stack.client(tenant) as api:
            path = f"v1/webhooks/{api.get('v1/webhooks').json()['webhooks'][0]['id']}"
            before = api.get(path).json()
            assert api.post("v1/admin/keys", json={"name": "CI", "scopes": ["items:read"]}).is_success
            posts.get(timeout=PATIENCE_SECONDS)
            eventually(lambda: api.get(path).json()["webhook"]["disabled"])
        # The page reads the webhook, and its delivery ends before the page reads that.
        page.route(f"**/{path}", lambda route: route.fulfill(json=before), times=1)
        page.reload()
        expect(deliveries.get_by_text("Failed", exact=True)).to_be_visible()
        expect(page.get_by_text("Disabled: it answered that it is gone (410)")).to_be_visible()
        expect(page.get_by_role("button", name="Deliver again what failed")).to_have_attribute("aria-disabled", "true")
        page.set_viewport_size({"width": 360, "height": 740})
        person.check()
        person.picture("webhook-gone-narrow")
        answers[0] = 204
        page.get_by_role("button", name="Send a test").click()
        expect(deliveries.get_by_text("Delivered")).to_have_count(2)
        page.get_by_role("button", name="Enable").click()
        expect(page.get_by_text("Active", exact=True)).to_be_visible()
        page.get_by_role("button", name="Deliver again what failed").click()
        dialog.get_by_role("button", name="Deliver again").click()
        expect(dialog).to_contain_text("1 delivery is on its way again.")
        # It comes when what was failing is asked again, which may take a while.
        dialog.get_by_role("button", name="Close").last.click()
        page.get_by_role("link", name="All webhooks").click()
        expect(page.get_by_role("link", name=SCRIPT)).to_be_visible()
        person.check()
        person.picture("webhooks-narrow")
        page.get_by_role("link", name=SCRIPT).click()
        page.get_by_role("button", name="Delete").click()
        dialog.get_by_role("button", name="Delete").click()
        expect(page.get_by_text("Nobody is told yet")).to_be_visible()
        person.close()


def test_a_viewer_is_told_why_no_webhook_is_theirs(portal: Opening, tenant: str, local_stack: StackProcess) -> None:
    with local_stack.client(tenant) as api:
        viewer = api.post("v1/admin/keys", json={"name": "viewer", "scopes": ["sources:read"]}).json()["secret"]
    person = portal()
    page = person.open("#/webhooks", key=viewer)
    expect(page.get_by_text("Needs the scope webhooks:manage").last).to_be_visible()
    button = page.get_by_role("button", name="New webhook")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    person.check()
    person.close()
