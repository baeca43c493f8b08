"""The portal's screen Activity: who changed what, found by key, kind and request; and how much each key asks."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.support.portal import Portal
from tests.support.portal_source import SCRIPT
from tests.support.stack import StackProcess

Opening = Callable[..., Portal]


def test_who_changed_what_is_found_by_key_kind_and_request(
    portal: Opening, filled: tuple[str, str], local_stack: StackProcess
) -> None:
    key, source = filled
    with local_stack.client(key) as api:
        job = {"name": f"Job {SCRIPT}", "scopes": ["items:write", "runs:write"], "requestsPerDay": 50}
        made = api.post("v1/admin/keys", json=job).json()
    with local_stack.client(made["secret"]) as writing:
        writing.headers["User-Agent"] = SCRIPT
        item = {"externalItemId": "a", "title": "A", "content": "New."}
        assert writing.post(f"v1/sources/{source}/items", json=item).is_success
        started = writing.post(f"v1/sources/{source}/runs", json={"message": f"Nightly {SCRIPT}"})
    with local_stack.client(key) as api:
        renamed = api.patch(f"v1/sources/{source}", json={"name": "Help desk", "graceDays": 30})
        viewer = api.post("v1/admin/keys", json={"name": "viewer", "scopes": ["sources:read"]}).json()["secret"]

    person = portal(viewport={"width": 1280, "height": 900})
    page = person.open("#/activity", key=key)
    lines = page.get_by_role("list", name="Changes").get_by_role("listitem")
    expect(lines.filter(has_text="Signed in")).to_have_count(1)
    expect(lines.filter(has_text="Run published")).to_contain_text("Help desk")
    person.check()
    person.picture("activity")

    # Who pressed it, and whose pushes it holds.
    run = lines.filter(has_text="Run started").first
    run.get_by_role("button", name=f"Job {SCRIPT}").click()
    expect(lines).to_have_count(1)
    by = page.get_by_label(re.compile("^By"))
    expect(by).to_have_value(made["key"]["id"])
    expect(lines).to_contain_text(f"Nightly {SCRIPT}")
    run.get_by_text("Details").click()
    expect(run).to_contain_text("Holds pushes and removals by")
    expect(run.get_by_role("link", name=f"Job {SCRIPT}")).to_be_visible()
    expect(run).to_contain_text("127.0.0.1")
    expect(run.locator("script, img")).to_have_count(0)
    expect(run.get_by_role("link", name=started.headers["X-Request-Id"])).to_be_visible()
    person.check()

    by.select_option("Anybody")
    page.get_by_role("combobox", name=re.compile("^What")).select_option("Source changed")
    expect(lines).to_have_count(1)
    lines.get_by_text("Details").click()
    expect(lines.locator("del", has_text="7")).to_be_visible()
    expect(lines.locator("ins", has_text="30")).to_be_visible()
    person.check()
    person.picture("activity-details")

    # An id of a request that somebody quotes leads to what it changed.
    page.get_by_label("Find by id").fill(renamed.headers["X-Request-Id"])
    page.keyboard.press("Enter")
    expect(page.get_by_text("Changes of the request")).to_be_visible()
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("graceDays")
    page.get_by_role("link", name="All changes").click()

    page.get_by_role("button", name="Usage & limits").click()
    row = page.get_by_role("row", name=f"Job {SCRIPT}")
    expect(row).to_contain_text("2 of 50")
    expect(row).to_contain_text("120 a minute")
    expect(row.get_by_role("img", name="Most requests: 2")).to_be_visible()
    expect(page.locator("dl.strip")).to_contain_text("3")
    person.check()
    person.picture("activity-usage")
    page.get_by_role("button", name="Show the request").click()
    expect(page.get_by_role("dialog")).to_contain_text("/v1/usage?limit=200")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    person.check()
    person.picture("activity-usage-narrow-dark")
    person.go("#/activity?days=30")
    expect(lines.filter(has_text="Run published")).to_have_count(1)
    person.check()
    person.picture("activity-narrow-dark")
    page.get_by_role("button", name="Menu").click()
    page.get_by_label("Language").select_option("de")
    expect(page.get_by_role("heading", level=1)).to_have_text("Aktivität")
    person.close()

    other = portal()
    page = other.open("#/activity", key=viewer)
    expect(page.get_by_text("Needs the scope audit:read")).to_be_visible()
    other.check()
    other.close()
