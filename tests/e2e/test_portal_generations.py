"""The portal's screen Generations: what was live is read, compared, restored with the lock beside it, and exported."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.support.portal import Portal
from tests.support.portal_source import SCRIPT, Writer
from tests.support.stack import StackProcess


@pytest.fixture(scope="module")
def prices(local_stack: StackProcess) -> Writer:
    source = Writer(local_stack, "Prices")
    source.push("prices", "Prices", "The small plan costs **9 euros**.")
    source.push(SCRIPT, f"Terms {SCRIPT}", SCRIPT, contentType="text/html")
    source.publish("Prices of spring")
    source.push("prices", "Prices", "The small plan costs **90 euros**.")
    source.push("trial", "Trial", "It is free for a month.")
    source.publish(f"Prices of summer {SCRIPT}")
    return source


def test_a_bad_publication_is_found_and_taken_back_and_publishing_locked(
    started: Browser, local_stack: StackProcess, prices: Writer
) -> None:
    portal = Portal(started, local_stack, viewport={"width": 1280, "height": 900})
    page = portal.open(f"#/generations/{prices.id}", key=local_stack.credentials["adminKey"])
    entries = page.locator(".timeline > li")
    expect(entries).to_have_count(2)
    expect(entries.first).to_contain_text(f"Prices of summer {SCRIPT}")
    expect(entries.first).to_contain_text("Live")
    expect(entries.last).not_to_contain_text("Live")

    # Is it live? An id is pasted, and a script for an id stays words.
    for name, told in (("prices", "So since generation 2"), (SCRIPT, "So since generation 1")):
        page.get_by_label("Paste an item's id").fill(name)
        page.get_by_role("button", name="Look it up").click()
        expect(page.get_by_role("region", name="Is it live?")).to_contain_text(told)
    expect(page.get_by_role("region", name="Is it live?").locator("script, img")).to_have_count(0)
    page.get_by_label("Paste an item's id").fill("prices")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Is it live?").locator("strong", has_text="90 euros")).to_be_visible()
    portal.check()
    portal.picture("generations")
    page.get_by_label("Paste an item's id").fill("nothing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Is it live?")).to_contain_text("Not live")
    # Words that are no id are looked for in what is live.
    page.get_by_label("or type words of it").fill("90 euros")
    page.keyboard.press("Enter")
    found = page.get_by_role("region", name="Is it live?").get_by_role("listitem").filter(has_text="prices").first
    portal.check()
    found.get_by_role("button").click()
    expect(page.get_by_role("region", name="Is it live?")).to_contain_text("So since generation 2")

    entries.first.get_by_role("link", name="What changed").click()
    rows = page.get_by_role("region", name="Changed items").get_by_role("link")
    expect(rows).to_have_count(2)
    expect(page.locator("article.change-view ins")).to_have_text("90")
    portal.check()
    portal.picture("generations-compare")
    page.get_by_role("button", name="Turn around").click()
    expect(page.locator("article.change-view")).to_contain_text("It is free for a month.")
    page.get_by_role("link", name="All generations").click()

    # A restore shows first what it changes, and what is staged all the same.
    entries.last.get_by_role("link", name="Restore").click()
    expect(page.get_by_role("heading", level=1, name="Restore generation 1")).to_be_visible()
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Vanishes")
    portal.check()
    page.get_by_role("button", name="Restore", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("What is staged stays as it is")
    dialog.get_by_label("Lock publishing").check()
    dialog.get_by_label("Message").fill("Nobody meant 90 euros")
    portal.check()
    portal.picture("generations-restore")
    dialog.get_by_role("button", name="Restore", exact=True).click()
    expect(entries).to_have_count(3)
    expect(entries.first).to_contain_text("Nobody meant 90 euros")
    expect(page.get_by_text("Publishing of this source is locked. Nobody meant 90 euros")).to_be_visible()
    portal.check()
    portal.picture("generations-locked")
    assert prices.ask("GET", "generations/current/items/prices")["item"]["content"].endswith("**9 euros**.")
    assert prices.ask("GET", "")["source"]["publishing"] == "locked"
    prices.ask("PATCH", "", {"publishing": "open"})
    portal.close(refused=(404,))


def test_a_generation_is_exported_and_all_of_it_fits_a_small_screen(
    started: Browser, local_stack: StackProcess, prices: Writer
) -> None:
    portal = Portal(started, local_stack, viewport={"width": 360, "height": 740}, color_scheme="dark")
    page = portal.open(f"#/generations/{prices.id}", key=local_stack.credentials["adminKey"])
    oldest = page.locator(".timeline > li").last
    oldest.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Start the export").click()
    with page.expect_download() as started_download:
        dialog.get_by_role("link", name="Download").click()
    assert started_download.value.suggested_filename.endswith(".ndjson.gz")
    portal.check()
    portal.picture("generations-export-narrow-dark")
    page.keyboard.press("Escape")
    portal.check()
    portal.picture("generations-narrow-dark")
    portal.foreign.clear()
    portal.close()
