"""The portal's screen Imports: a file's progress, its bad lines, its end by hand, and a corrected file after it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.support.portal import Portal
from tests.support.portal_source import SCRIPT
from tests.support.stack import StackProcess

Opening = Callable[..., Portal]
GOOD = {"externalItemId": "a", "title": "A", "content": "Alpha"}
BAD = [{"externalItemId": SCRIPT, "title": 7, "content": "x"}, GOOD]


def _upload(page: Page, lines: list[dict[str, Any]]) -> None:
    """Send a file in the dialog that is open, wait for the end of its import, and open that."""
    body = "".join(json.dumps(line) + "\n" for line in lines)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("File", exact=True).set_input_files(
        {"name": "items.ndjson", "mimeType": "application/x-ndjson", "buffer": body.encode()}
    )
    dialog.get_by_role("button", name="Upload", exact=True).click()
    expect(dialog).to_contain_text("rejected")
    dialog.get_by_role("link", name="Open the import").click()
    expect(dialog).to_have_count(0)


def test_bad_lines_are_told_and_a_corrected_file_follows(portal: Opening, filled: tuple[str, str]) -> None:
    key, source = filled
    person = portal(viewport={"width": 1280, "height": 900})
    page = person.open(f"#/imports/{source}", key=key)
    expect(page.get_by_role("heading", name="No file was imported yet")).to_be_visible()
    page.get_by_role("button", name="Import a file").click()
    _upload(page, BAD)
    progress = page.get_by_role("region", name="Progress")
    expect(progress).to_contain_text("Completed with errors")
    row = page.get_by_role("table").get_by_role("row").nth(1)
    expect(row).to_contain_text(SCRIPT)
    expect(row.get_by_role("cell").first).to_have_text("1")
    expect(page.get_by_role("table").locator("script, img")).to_have_count(0)
    person.check()
    person.picture("imports-bad-lines")
    page.set_viewport_size({"width": 360, "height": 740})
    person.check()
    person.picture("imports-narrow")
    with page.expect_download() as report:
        page.get_by_role("button", name="Download the report").click()
    assert [json.loads(line)["line"] for line in report.value.path().read_text("utf-8").splitlines()] == [1]

    page.get_by_role("button", name="Import a corrected file").click()
    _upload(page, [GOOD])
    expect(progress.get_by_text("Completed", exact=True)).to_be_visible()
    page.get_by_role("link", name="Look at its run").click()
    expect(page.locator("article.change-view")).to_contain_text("Alpha")
    page.go_back()
    page.get_by_role("link", name="All imports").click()
    expect(page.locator(".lines > li")).to_have_count(2)
    page.get_by_label("State").select_option("Completed with errors")
    expect(page.locator(".lines > li")).to_have_count(1)
    person.check()
    person.picture("imports-list-narrow")
    person.close()


def test_an_import_is_watched_and_cancelled(
    portal: Opening, filled: tuple[str, str], local_stack: StackProcess
) -> None:
    key, source = filled
    with local_stack.client(key) as api:
        asked = {"mode": "upsert", "message": f"Waiting {SCRIPT}"}
        made = api.post(f"v1/sources/{source}/imports", json=asked).json()["import"]["id"]
    person = portal()
    page = person.open(f"#/imports/{source}", key=key)
    shown = {"state": "staging", "linesRead": 1200, "bytesRead": 3_000_000, "bytesTotal": 4_000_000}

    def half_way(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        told["import"].update(shown)
        route.fulfill(response=answer, json=told)

    page.route(f"**/imports/{made}", half_way)
    page.get_by_role("link", name="Waiting").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Waiting {SCRIPT}")
    progress = page.get_by_role("region", name="Progress")
    expect(progress).to_contain_text("1,200 lines read · 3 MB of 4 MB")
    expect(progress.get_by_role("progressbar")).to_have_js_property("position", 0.75)
    person.check()
    person.picture("imports-progress")
    # It looks again by itself.
    shown.clear()
    expect(progress).to_contain_text("Waits for its file")
    page.get_by_role("button", name="Cancel the import").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("What it has staged stays")
    dialog.get_by_role("button", name="Cancel the import").click()
    expect(progress).to_contain_text("Cancelled")
    expect(page.get_by_role("button", name="Cancel the import")).to_have_count(0)
    person.close()


def test_what_a_session_may_not_do_with_imports_is_said_in_german_and_in_the_dark(
    portal: Opening, filled: tuple[str, str], local_stack: StackProcess
) -> None:
    key, source = filled
    reads = ["sources:read", "items:read", "runs:read"]
    with local_stack.client(key) as api:
        viewer, writer = (
            api.post("v1/admin/keys", json={"name": name, "scopes": scopes}).json()["secret"]
            for name, scopes in (("viewer", reads), ("writer", [*reads, "items:write"]))
        )
    for secret, missing in ((viewer, "items:write, runs:write"), (writer, "runs:write")):
        person = portal(locale="de-DE", color_scheme="dark", viewport={"width": 360, "height": 740})
        page = person.open(f"#/imports/{source}")
        page.get_by_label("API-Schlüssel").fill(secret)
        page.keyboard.press("Enter")
        # Who reads items reads what became of imports.
        expect(page.get_by_role("heading", level=2)).to_contain_text("Noch wurde keine Datei importiert")
        begin = page.get_by_role("button", name="Datei importieren")
        expect(begin).to_have_accessible_description(f"Braucht das Recht {missing}, das Ihre Sitzung nicht hat.")
        person.check()
        person.picture("imports-empty-de-dark")
        person.close()
