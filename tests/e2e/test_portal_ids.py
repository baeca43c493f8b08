"""The portal's box for ids, and what is shown of requests, on a narrow screen."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.support.portal import Portal

Opening = Callable[..., Portal]


def test_an_id_is_found_and_what_was_asked_is_shown(portal: Opening, filled: tuple[str, str]) -> None:
    key, source = filled
    person = portal(viewport={"width": 360, "height": 740})
    page = person.open("#/home", key=key)
    box = page.get_by_role("searchbox", name="Find by id")
    box.fill("faq/1 ä")
    box.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Refunds")
    # Whoever went somewhere begins there.
    expect(page.locator("main")).to_be_focused()
    person.check()
    person.picture("item-narrow")
    box.fill("nowhere")
    box.press("Enter")
    expect(page.get_by_text("Nothing here has the id nowhere").first).to_be_visible()
    page.get_by_role("button", name="Show the request").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"/v1/sources/{source}/items/faq%2F1%20%C3%A4").first).to_be_visible()
    for form, words in (("Python", "from knowledge_client"), ("TypeScript", 'from "knowledge-client"')):
        dialog.get_by_role("radio", name=form).check()
        expect(dialog.get_by_text(words).first).to_be_visible()
    assert key not in dialog.inner_text()
    assert "ps_live" not in dialog.inner_text()
    person.check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Show the request")).to_be_focused()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Content", exact=True)).to_be_visible()
    person.check()
    person.picture("menu-narrow")
    person.close(refused=(404, 400))
