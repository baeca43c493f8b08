"""An administrator with nothing but the link of `make demo`: from a key to what the widget answers, and back again."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.support.demo import serving_demo
from tests.support.portal import Portal, require_portal
from tests.support.stack import require_whole_stack
from tests.support.widget_browser import Visit

QUESTION = "How many days do refunds take?"
TOLD = "Refunds take 14 days."
KEY = "Nightly job"


def test_whoever_has_the_link_publishes_an_answer_takes_it_back_and_finds_all_of_it_told(
    started: Browser, tmp_path: Path
) -> None:
    require_whole_stack()
    require_portal()
    content = tmp_path / "content"
    content.mkdir()
    (content / "hours.md").write_text("# Opening hours\n\nThe shop is open from nine to five.\n")
    with serving_demo(tmp_path, content) as printed:
        link, widget = (re.search(rf"^  (http\S+/site/{page}#\S+)$", printed, re.MULTILINE) for page in _PAGES)
        assert link, printed
        assert widget, printed
        person = Portal(started, None, viewport={"width": 1280, "height": 900})
        page = person.open(link[1])
        _push_with_a_new_key(person)
        _review_ask_and_publish(person)
        assert TOLD in _answer(started, widget[1])
        _roll_back(person)
        assert TOLD not in _answer(started, widget[1])

        # Five deeds: the key, its push, the run, its publication, the way back.
        page.get_by_role("link", name="Activity").click()
        lines = page.get_by_role("list", name="Changes").get_by_role("listitem")
        expect(lines.filter(has_text="Generation restored")).to_contain_text("Nobody asked for it")
        expect(lines.filter(has_text="Run published").first).to_contain_text("Demo")
        expect(lines.filter(has_text="Key made").first).to_contain_text(KEY)
        run = lines.filter(has_text="Run started").first
        expect(run).to_contain_text("About refunds")
        run.get_by_text("Details").click()
        expect(run.get_by_text("Holds pushes and removals by")).to_be_visible()
        expect(run.get_by_role("link", name=KEY)).to_be_visible()
        person.check()
        person.picture("journey-activity")
        person.close()


_PAGES = (r"portal/", r"try\.html")


def _push_with_a_new_key(person: Portal) -> None:
    page = person.page
    page.get_by_role("link", name="Keys", exact=True).click()
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(KEY)
    dialog.get_by_role("button", name="Make the key").click()
    line = dialog.get_by_role("region", name="Push an item").locator("pre").inner_text()
    person.check()
    person.picture("journey-key")
    # Whoever is refused or not answered sees so, and no success.
    done = subprocess.run(
        ["bash", "-c", f"{line} --fail-with-body -sS"], check=True, capture_output=True, text=True, timeout=60
    )
    assert "faq-1" in done.stdout
    dialog.get_by_role("button", name="I have kept it").click()


def _review_ask_and_publish(person: Portal) -> None:
    page = person.page
    dialog = page.get_by_role("dialog")
    page.get_by_role("link", name="Review", exact=True).click()
    page.get_by_role("button", name="Start a run").click()
    dialog.get_by_label("Message").fill("About refunds")
    dialog.get_by_role("button", name="Start a run").click()
    expect(page.locator("article.change-view ins").filter(has_text=TOLD)).to_be_visible()
    page.get_by_role("button", name="Ask it").click()
    dialog.get_by_label("Question").fill(QUESTION)
    dialog.get_by_role("button", name="Ask", exact=True).click()
    expect(dialog.get_by_role("region", name="With this run")).to_contain_text(TOLD)
    expect(dialog.get_by_role("region", name="Live now")).not_to_contain_text(TOLD)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Publish", exact=True).click()
    dialog.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("main").get_by_text("Published: this is live.")).to_be_visible()


def _roll_back(person: Portal) -> None:
    page = person.page
    page.get_by_role("link", name="Generations", exact=True).click()
    entries = page.locator(".timeline > li")
    expect(entries).to_have_count(2)
    entries.last.get_by_role("link", name="Restore").click()
    expect(page.get_by_role("region", name="Changed items")).to_contain_text("Vanishes")
    page.get_by_role("button", name="Restore", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Message").fill("Nobody asked for it")
    dialog.get_by_role("button", name="Restore", exact=True).click()
    expect(entries).to_have_count(3)


def _answer(started: Browser, address: str) -> str:
    """Ask the widget as a visitor does, and tell all that it says once it has answered."""
    visit = Visit(started, address)
    visit.ask(QUESTION)
    said = visit.page.locator("[part=text], [part=not-found]")
    expect(said).to_be_visible()
    text = said.inner_text()
    visit.close()
    return text
