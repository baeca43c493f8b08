"""The portal's screen Review: a run is read, asked, published and discarded, by two people at once, and by a viewer."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.support.portal import Portal
from tests.support.portal_source import SCRIPT, Writer
from tests.support.stack import StackProcess

LONG = " ".join(f"Sentence {number} stays as it is." for number in range(80))
OLD = "# Refunds\n\nWe refund orders within **14 days** of delivery.\n\n" + LONG
HTML = f'{SCRIPT}<p style="color:red" onclick="alert(4)">Text</p><svg onload=alert(5)></svg>'
NEW = "# Refunds\n\nWe refund orders within **30 days** of delivery, in full.\n\n" + LONG


@pytest.fixture(scope="module")
def help_centre(local_stack: StackProcess) -> Writer:
    source = Writer(local_stack, "Help centre")
    source.push("faq/refunds", "Refunds", OLD, tags=["money"], url="https://x.example/refunds")
    source.push("faq/fax", "Our fax number", "Send a fax to 030 1234. It is read on Mondays.")
    source.push(f"hostile/{SCRIPT}", f"Old {SCRIPT}", f"{SCRIPT}\n\n[a link](javascript:alert(3))")
    source.publish("The first articles")
    source.push("faq/refunds", "Refunds and returns", NEW, tags=["money", "returns"], url="https://x.example/refunds")
    source.push("faq/invoices", "Invoices", "Your invoice comes by **mail**, one day after the order.")
    source.push(f"hostile/{SCRIPT}", f"New {SCRIPT}", HTML, contentType="text/html", metadata={SCRIPT: SCRIPT})
    source.ask("DELETE", "items/faq%2Ffax")
    source.ask("PATCH", "", {"removalGuard": {"maxItems": 0}})
    return source


def test_a_run_is_read_asked_and_published_and_nothing_vanishes_unapproved(
    started: Browser, local_stack: StackProcess, help_centre: Writer
) -> None:
    portal = Portal(started, local_stack, viewport={"width": 1280, "height": 900})
    page = portal.open(f"#/review/{help_centre.id}", key=local_stack.credentials["adminKey"])
    expect(page.get_by_text("items were written to since")).to_be_visible()
    portal.check()
    page.get_by_role("button", name="Start a run").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Message").fill("Longer refunds, no more fax")
    dialog.get_by_role("button", name="Start a run").click()
    expect(page.get_by_role("heading", level=1, name="Longer refunds, no more fax")).to_be_visible()

    # What vanishes is told first, with its text, and is the first of the list.
    danger = page.get_by_role("region", name="1 item vanishes.")
    expect(danger).to_contain_text("Send a fax to 030 1234")
    expect(danger).to_contain_text("more than the removal guard allows")
    rows = page.get_by_role("region", name="Changed items").get_by_role("link")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("Our fax number")
    change = page.locator("article.change-view")
    expect(change.locator("del").last).to_contain_text("It is read on Mondays.")
    portal.check()
    portal.picture("review-run")

    # j goes on to the next, wherever the focus is; the address tells which.
    page.keyboard.press("j")
    expect(change.get_by_role("heading", name="Refunds and returns")).to_be_visible()
    expect(change.locator("del", has_text="14")).to_be_visible()
    expect(change.locator("ins", has_text="30")).to_be_visible()
    expect(change.locator("dl")).to_contain_text("returns")
    assert "item=faq%2Frefunds" in page.url
    expect(change).not_to_contain_text("Sentence 40 stays")
    portal.picture("review-diff")
    change.get_by_role("button", name="unchanged characters").click()
    expect(change).to_contain_text("Sentence 40 stays")
    change.get_by_role("radio", name="As readers see it").check(force=True)
    expect(change.locator(".paper").first.locator("strong")).to_have_text("14 days")
    expect(change.locator(".paper").last.locator("strong")).to_have_text("30 days")
    portal.check()

    # Scripts of tenants are words, in every field and in what is rendered.
    rows.filter(has_text="hostile").focus()
    page.keyboard.press("Enter")
    expect(change.get_by_role("heading", name=f"New {SCRIPT}")).to_be_visible()
    expect(change.locator(".paper").last).to_contain_text("Text")
    expect(change.locator(".paper script, .paper img, .paper svg, .paper a[href^=javascript]")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(rows.nth(3)).to_be_focused()
    expect(change.get_by_role("heading", name="Invoices")).to_be_visible()

    # Filters stand in the address and find what they name alone.
    page.get_by_role("group", name="Kinds of changes").get_by_role("button", name="Added").click()
    expect(rows).to_have_count(1)
    page.get_by_role("group", name="Kinds of changes").get_by_role("button", name="All").click()
    page.get_by_role("searchbox", name="Id begins with").fill("faq/r")
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox", name="Id begins with").fill("")
    expect(rows).to_have_count(4)

    page.get_by_role("button", name="Ask it").click()
    dialog.get_by_label("Question").fill("refund within days")
    dialog.get_by_role("button", name="Ask", exact=True).click()
    expect(dialog.get_by_role("region", name="With this run")).to_contain_text("30 days")
    expect(dialog.get_by_role("region", name="Live now")).to_contain_text("14 days")
    portal.check()
    portal.picture("review-ask")
    page.keyboard.press("Escape")

    publish = page.get_by_role("button", name="Publish", exact=True)
    publish.click()
    expect(dialog.get_by_role("button", name="Publish")).to_have_attribute("aria-disabled", "true")
    portal.picture("review-publish")
    # The run's message is that of the publication, unless somebody writes another one.
    expect(dialog.get_by_label("Message")).to_have_value("Longer refunds, no more fax")
    dialog.get_by_label("Type 1 to approve").fill("1")
    dialog.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("main").get_by_text("Published: this is live.")).to_be_visible()
    # The button that was pressed is gone; whoever has no mouse goes on from here.
    expect(page.get_by_role("main")).to_be_focused()
    portal.check()
    served = help_centre.ask("GET", "generations/current/items")["items"]
    assert "faq/fax" not in {each["externalItemId"] for each in served}
    portal.close()


def test_who_looked_at_another_plan_publishes_nothing_and_sees_what_changed_since(
    started: Browser, local_stack: StackProcess
) -> None:
    source = Writer(local_stack, "Two people")
    source.push("a", "Opening hours", "From 9 to 5.")
    source.publish("Hours")
    source.push("a", "Opening hours", "From 8 to 5.")
    first = source.run("Open earlier")
    portal = Portal(started, local_stack, viewport={"width": 360, "height": 740})
    page = portal.open(f"#/review/{source.id}/{first}", key=local_stack.credentials["adminKey"])
    expect(page.locator("article.change-view ins")).to_have_text("8")
    portal.check()
    portal.picture("review-narrow")

    # Meanwhile somebody else publishes something more.
    source.push("b", "Parking", "Behind the house.")
    source.publish("Parking")
    source.push("c", "Bicycles", "In the yard.")
    page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_role("main").get_by_text("Planned again since you looked")).to_be_visible()
    assert "since=1" in page.url
    rows = page.get_by_role("region", name="Changed items").get_by_role("link")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="Opening hours")).to_contain_text("No longer in it")
    expect(rows.filter(has_text="Bicycles")).to_contain_text("New since")
    portal.check()
    portal.picture("review-stale")
    served = source.ask("GET", "generations/current")["generation"]
    assert served["message"] == "Parking"

    page.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").get_by_label("Why").fill("Parking is enough")
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(page.get_by_role("main").get_by_text("Discarded: it is never published.")).to_be_visible()
    portal.close(refused=(409,))


def test_a_viewer_reads_a_run_and_is_told_why_no_deed_is_theirs(
    started: Browser, local_stack: StackProcess, help_centre: Writer
) -> None:
    wanted = {"name": "viewer", "scopes": ["sources:read", "items:read", "runs:read"]}
    with local_stack.client(local_stack.credentials["adminKey"]) as admin:
        secret = admin.post("v1/admin/keys", json=wanted).json()["secret"]
    run = help_centre.run("For a viewer")
    portal = Portal(started, local_stack, locale="de-DE", color_scheme="dark", viewport={"width": 1280, "height": 900})
    page = portal.open(f"#/review/{help_centre.id}/{run}")
    page.get_by_label("API-Schlüssel").fill(secret)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="For a viewer")).to_be_visible()
    publish = page.get_by_role("button", name="Veröffentlichen")
    expect(publish).to_have_attribute("aria-disabled", "true")
    expect(publish).to_have_accessible_description("Braucht das Recht runs:apply, das Ihre Sitzung nicht hat.")
    portal.check()
    portal.picture("review-viewer-de-dark")
    portal.close()
