"""The portal's screen Content: items are written, removed, brought back, uploaded, and gone through."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.support.portal import Portal
from tests.support.sizes import sized
from tests.support.stack import StackProcess, eventually

Opening = Callable[..., Portal]


def test_an_item_is_written_changed_removed_and_brought_back(
    portal: Opening, filled: tuple[str, str], local_stack: StackProcess
) -> None:
    key, source = filled
    person = portal()
    page = person.open(f"#/content/{source}", key=key)
    expect(page.get_by_role("listitem").filter(has=page.get_by_role("checkbox"))).to_have_count(4)
    person.check()
    person.picture("content")
    page.get_by_role("link", name="Refunds").click()
    expect(page.get_by_text("Served as staged")).to_be_visible()
    expect(page.locator(".rendered strong")).to_have_text("14")
    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Text", exact=True).fill("Refunds take **30** days.")
    person.check()
    person.picture("edit")
    # Somebody else is faster: nothing of theirs is written over.
    with local_stack.client(key) as api:
        theirs = {"externalItemId": "faq/1 ä", "title": "Refunds", "content": "Refunds take 20 days."}
        assert api.post(f"v1/sources/{source}/items", json=theirs).is_success
    dialog.get_by_role("button", name="Stage").click()
    expect(dialog.get_by_role("alert")).to_contain_text("precondition_failed")
    dialog.get_by_role("button", name="Cancel").click()
    page.reload()
    expect(page.get_by_text("Served otherwise")).to_be_visible()
    expect(page.get_by_text("Refunds take 20 days.")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    dialog.get_by_label("Text", exact=True).fill("Refunds take 30 days.")
    dialog.get_by_role("button", name="Stage").click()
    expect(page.get_by_text("Refunds take 30 days.")).to_be_visible()
    page.get_by_role("radio", name="As served").check()
    expect(page.locator(".rendered strong")).to_have_text("14")
    person.check()
    person.picture("item")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("button", name="Remove")).to_be_visible()
    page.get_by_role("link", name="All content").click()
    for name in ("Delivery", "Opening hours"):
        page.get_by_role("checkbox", name=f"Choose {name}").check()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Removed", exact=True).last).to_be_visible()
    page.get_by_role("radio", name="Removed").check()
    expect(page.get_by_role("checkbox")).to_have_count(2)
    with local_stack.client(key) as api:
        removed = api.get(f"v1/sources/{source}/items?state=removed").json()["items"]
    assert [each["externalItemId"] for each in removed] == ["faq-2", "faq-4"]
    person.close(refused=(412,))


def test_a_file_is_uploaded_and_what_is_served_is_exported(
    portal: Opening, filled: tuple[str, str], local_stack: StackProcess, tmp_path: Path
) -> None:
    key, source = filled
    person = portal()
    page = person.open(f"#/content/{source}", key=key)
    file = tmp_path / "items.ndjson"
    lines = [{"externalItemId": f"row-{n}", "title": f"Row {n}", "content": "x"} for n in range(3)]
    file.write_text("\n".join([*map(json.dumps, lines), '{"title": 1}']), "utf-8")
    page.get_by_role("button", name="Upload a file").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("File", exact=True).set_input_files(file)
    dialog.get_by_role("button", name="Upload").click()
    expect(dialog.get_by_text("3 new, 0 changed, 0 unchanged, 1 rejected")).to_be_visible()
    person.check()
    dialog.get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("checkbox")).to_have_count(7)
    page.get_by_role("button", name="Export what is served").click()
    expect(dialog).to_contain_text("A file with 3 items")
    dialog.get_by_role("button", name="Start the export").click()
    expect(dialog.get_by_role("link", name="Download")).to_be_visible()
    # A banner of Home tells the line that was bad.
    dialog.get_by_role("button", name="Close").last.click()
    person.go("#/home")
    expect(page.get_by_text("The last import into Help centre rejected 1 line.")).to_be_visible()
    person.check()
    person.picture("home")
    person.close()


def test_a_long_list_is_gone_through_without_holding_the_page(
    portal: Opening, tenant: str, local_stack: StackProcess
) -> None:
    with local_stack.client(tenant) as api:
        source = api.post("v1/sources", json={"name": "Large"}).json()["source"]["id"]
        items = [
            {"externalItemId": f"i-{n:05}", "title": f"Item {n}", "content": "x"} for n in range(sized(2_000, 10_000))
        ]
        for at in range(0, len(items), 1_000):
            part = {"items": items[at : at + 1_000]}
            assert api.post(f"v1/sources/{source}/items/batch", json=part, timeout=60).is_success
    person = portal()
    page = person.open(f"#/content/{source}", key=tenant)
    region = page.get_by_role("region", name="Content")
    expect(region).to_be_visible()

    def further() -> bool:
        region.evaluate("each => each.scrollTo(0, each.scrollHeight)")
        return page.get_by_text(f"{len(items):,} entries").count() == 1

    eventually(further)
    expect(page.get_by_role("link", name=f"Item {len(items) - 1}")).to_be_visible()
    assert page.get_by_role("listitem").count() < 100
    person.close()
