"""The portal's screen Settings: a source is ruled, locked, taken offline, archived, and some of it erased."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.support.portal import Portal
from tests.support.portal_source import SCRIPT
from tests.support.stack import StackProcess

Opening = Callable[..., Portal]


def part(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def confirm(page: Page, deed: str, name: str) -> None:
    """Do what a dialog asks for, which it does only once the name of the source was typed."""
    dialog = page.get_by_role("dialog")
    button = dialog.get_by_role("button", name=deed)
    expect(button).to_have_attribute("aria-disabled", "true")
    button.press("Enter")
    dialog.get_by_label("Type the name of the source").fill(name)
    expect(button).to_have_attribute("aria-disabled", "false")
    button.click()
    expect(dialog).to_have_count(0)


def test_a_source_is_ruled_locked_taken_offline_archived_and_some_of_it_erased(
    portal: Opening, filled: tuple[str, str], local_stack: StackProcess
) -> None:
    tenant, source = filled
    name = f"Help centre {SCRIPT}"
    with local_stack.client(tenant) as api:

        def told() -> Any:
            return api.get(f"v1/sources/{source}").raise_for_status().json()["source"]

        api.delete(f"v1/sources/{source}/items/faq-2").raise_for_status()
        person = portal(viewport={"width": 1280, "height": 900})
        page = person.open(f"#/settings/{source}", key=tenant)
        rules = part(page, "Name and removals")
        save = rules.get_by_role("button", name="Save")
        expect(save).to_have_attribute("aria-disabled", "true")
        expect(rules).to_contain_text("It holds for 1 removal that is under way, too.")
        expect(rules).to_contain_text("The next one ends")
        rules.get_by_label("Days that a removed item").fill("0")
        expect(rules).to_contain_text("1 of them ends at once")
        rules.get_by_label("Name", exact=True).fill(name)
        rules.get_by_label("Items").fill("5")
        person.check()
        person.picture("settings")
        # Somebody else was faster: nothing of theirs is overwritten, and nothing of what was typed is lost.
        api.patch(f"v1/sources/{source}", json={"graceDays": 3}).raise_for_status()
        save.click()
        expect(rules.get_by_role("alert")).to_contain_text("precondition_failed")
        expect(rules.get_by_label("Items")).to_have_value("5")
        assert told()["removalGuard"] is None
        page.reload()
        expect(rules.get_by_label("Days that a removed item")).to_have_value("3")
        rules.get_by_label("Name", exact=True).fill(name)
        rules.get_by_label("Items").fill("5")
        save.click()
        expect(page.get_by_role("combobox", name="Source")).to_contain_text(name)
        expect(save).to_have_attribute("aria-disabled", "true")
        now = told()
        assert (now["name"], now["graceDays"], now["removalGuard"]) == (name, 3, {"maxPercent": None, "maxItems": 5})

        finding = part(page, "Search and questions")
        save = finding.get_by_role("button", name="Save")
        words = finding.get_by_label("Words that mean the same")
        words.fill("refund, money back\n\nlonely")
        expect(save).to_have_accessible_description("A line needs two words or more, with commas between them.")
        words.fill(f"refund, money back\n\n {SCRIPT} ,x")
        finding.get_by_label("Keep what is asked").check()
        finding.get_by_label("Language of items").fill("de")
        finding.get_by_label("Weight of matches in titles").fill("2.5")
        # What was typed outlives that somebody else was faster: it is saved once their change was read.
        api.patch(f"v1/sources/{source}", json={"graceDays": 4}).raise_for_status()
        save.click()
        finding.get_by_role("alert").get_by_role("button", name="Load anew").click()
        expect(rules.get_by_label("Days that a removed item")).to_have_value("4")
        save.click()
        expect(save).to_have_accessible_description("Nothing was changed.")
        expect(words).to_have_value(f"refund, money back\n{SCRIPT}, x")
        now = told()
        assert now["synonyms"] == [["refund", "money back"], [SCRIPT, "x"]]
        assert (now["questionLog"], now["defaultLanguage"], now["titleWeight"]) == ("on", "de", 2.5)
        finding.get_by_label("Language of items").fill("no language at all")
        save.click()
        expect(finding.get_by_role("alert")).to_contain_text("defaultLanguage")
        finding.get_by_label("Language of items").fill("")
        words.fill("")
        save.click()
        expect(save).to_have_accessible_description("Nothing was changed.")
        now = told()
        assert (now["synonyms"], now["defaultLanguage"], now["titleWeight"]) == ([], None, 2.5)
        # A text with a comma would come back as two, so it can't be changed here.
        api.patch(f"v1/sources/{source}", json={"synonyms": [["a, b", "c"]]}).raise_for_status()
        page.reload()
        expect(words).not_to_be_editable()
        person.check()

        lock = part(page, "Publishing")
        lock.get_by_label("Why").fill(f"Prices are checked {SCRIPT}")
        lock.get_by_role("button", name="Lock publishing").click()
        expect(lock).to_contain_text(f"Prices are checked {SCRIPT}")
        assert told()["publishing"] == "locked"
        person.check()
        person.picture("settings-locked")
        lock.get_by_role("button", name="Unlock publishing").click()
        expect(lock.get_by_text("Open", exact=True)).to_be_visible()
        assert told()["publishing"] == "open"

        serving = part(page, "Served")
        serving.get_by_role("button", name="Take offline").click()
        expect(page.get_by_role("dialog")).to_contain_text("3 items are not found any more, at once.")
        person.check()
        person.picture("settings-offline")
        confirm(page, "Take offline", name)
        expect(serving.get_by_text("Offline", exact=True)).to_be_visible()
        assert told()["serving"] == "off"
        page.get_by_role("button", name="Show the request").click()
        expect(page.get_by_role("dialog")).to_contain_text('"serving":"off"')
        page.keyboard.press("Escape")
        serving.get_by_role("button", name="Put online").click()
        expect(serving.get_by_text("Online", exact=True)).to_be_visible()
        assert told()["serving"] == "on"

        erase = part(page, "Erase items")
        erase.get_by_role("button", name="Erase").click()
        page.get_by_label("Ids of the items").fill("faq/1 ä\n\nfaq/1 ä")
        page.get_by_label("Why (optional)").fill("Ticket 4711")
        person.check()
        person.picture("settings-erase")
        confirm(page, "Erase 1 item", name)
        expect(erase.get_by_role("listitem")).to_contain_text("Ticket 4711")
        expect(erase.get_by_role("listitem")).not_to_contain_text("Completed")

        def over(route: Route) -> None:
            answer = route.fetch()
            listed = answer.json()
            listed["erasures"][0] |= {"state": "completed", "completedAt": listed["erasures"][0]["openedAt"]}
            route.fulfill(response=answer, json=listed)

        # It looks again by itself for as long as one is open.
        page.route("**/erasures?*", over)
        expect(erase.get_by_role("listitem")).to_contain_text("Completed")
        page.unroute("**/erasures?*")
        found = api.get(f"v1/sources/{source}/items").raise_for_status().json()["items"]
        assert "faq/1 ä" not in [each["externalItemId"] for each in found]

        page.set_viewport_size({"width": 360, "height": 740})
        page.emulate_media(color_scheme="dark")
        archive = part(page, "Archive")
        expect(archive).to_contain_text("What was published last goes on being served.")
        archive.get_by_role("button", name="Archive").click()
        confirm(page, "Archive", name)
        expect(archive.get_by_text("Archived", exact=True)).to_be_visible()
        expect(archive).to_contain_text("goes on being served")
        now = told()
        assert (now["status"], now["serving"]) == ("archived", "on")
        # What can't be done now says why, and does nothing.
        archived = "The source is archived and takes no changes. Restore it first."
        expect(lock.get_by_role("button", name="Lock publishing")).to_have_accessible_description(archived)
        person.check()
        person.picture("settings-archived-narrow-dark")
        # An erasure is open, which a deletion of all would not wait for.
        archive.get_by_role("button", name="Delete for good").click()
        page.get_by_label("Type the name of the source").fill(name)
        page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("erasure_in_progress")
        person.check()
        page.keyboard.press("Escape")
        archive.get_by_role("button", name="Restore").click()
        expect(archive.get_by_text("Active", exact=True)).to_be_visible()
        assert told()["status"] == "active"

        old = api.post("v1/sources", json={"name": "Old"}).raise_for_status().json()["source"]["id"]
        api.delete(f"v1/sources/{old}").raise_for_status()
        person.go(f"#/settings/{old}")
        archive.get_by_role("button", name="Delete for good").click()
        confirm(page, "Delete for good", "Old")
        expect(page.get_by_role("heading", level=1, name="What is live")).to_be_visible()
        assert api.get(f"v1/sources/{old}").status_code == 404
    person.close(refused=(400, 409, 412))


def test_a_viewer_reads_the_settings_and_is_told_in_german_why_no_more(
    portal: Opening, filled: tuple[str, str], local_stack: StackProcess
) -> None:
    tenant, source = filled
    with local_stack.client(tenant) as api:
        viewer = api.post("v1/admin/keys", json={"name": "viewer", "scopes": ["sources:read"]}).json()["secret"]
    person = portal(viewport={"width": 360, "height": 740}, locale="de-DE")
    page = person.page
    page.goto(f"{person.url}#/settings/{source}")
    page.get_by_label("API-Schlüssel").fill(viewer)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("heading", level=1, name="Einstellungen")).to_be_visible()
    for where, deed, scope in (
        ("Veröffentlichen", "Veröffentlichen sperren", "sources:write"),
        ("Auslieferung", "Offline nehmen", "sources:write"),
        ("Archiv", "Archivieren", "sources:write"),
        ("Einträge endgültig löschen", "Endgültig löschen", "content:erase"),
    ):
        button = part(page, where).get_by_role("button", name=deed)
        expect(button).to_have_accessible_description(f"Braucht das Recht {scope}, das Ihre Sitzung nicht hat.")
        button.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    person.check()
    person.picture("settings-viewer-german-narrow")
    person.close()
