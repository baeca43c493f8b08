"""The portal's screen Search & questions: what is live is found and answered, and what found no answer is told."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.support.portal import Portal
from tests.support.portal_source import SCRIPT
from tests.support.stack import StackProcess

Opening = Callable[..., Portal]
# Nothing that is published has any of its words.
UNANSWERED = "<svg onload=zeppelin()>Zeppelin tariffs?</svg>"


def test_what_is_live_is_found_and_answered_and_what_is_missing_told(
    portal: Opening, filled: tuple[str, str], local_stack: StackProcess
) -> None:
    key, source = filled
    with local_stack.client(key) as api:
        assert api.patch(f"v1/sources/{source}", json={"questionLog": "on"}).is_success
        hostile = {"externalItemId": "bad", "title": f"Vouchers {SCRIPT}", "content": f"Vouchers never end. {SCRIPT}"}
        assert api.post(f"v1/sources/{source}/items", json=hostile).is_success
        run = api.post(f"v1/sources/{source}/runs").json()["run"]["id"]
        assert api.post(f"v1/sources/{source}/runs/{run}/apply").is_success
        asked = api.post("v1/answers", json={"question": UNANSWERED})
        assert asked.json()["status"] == "not_found", asked.text
        owner = {"name": "owner", "scopes": ["sources:read", "search:read", "answers:read", "answers:manage"]}
        owning = api.post("v1/admin/keys", json=owner).json()["secret"]
        viewer = {"name": "viewer", "scopes": ["sources:read", "search:read"]}
        viewing = api.post("v1/admin/keys", json=viewer).json()["secret"]
    person = portal(viewport={"width": 1280, "height": 900})
    page = person.open("#/search", key=owning)
    box = page.get_by_label("Words or a question")
    box.fill("vouchers")
    box.press("Enter")
    hits = page.get_by_role("region", name="Hits")
    expect(hits.locator("mark").first).to_have_text("Vouchers")
    expect(hits).to_contain_text(SCRIPT)
    expect(hits.locator("script, img")).to_have_count(0)
    person.check()
    person.picture("search")

    box.fill("How long do refunds take?")
    page.get_by_role("button", name="Ask").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.locator("blockquote").first).to_contain_text("14")
    answer.get_by_role("button", name="Not helpful").click()
    expect(answer).to_contain_text("Your opinion is kept.")
    person.check()
    person.picture("search-answer")

    page.get_by_role("button", name="Without an answer").click()
    expect(page.get_by_role("list", name="Without an answer")).to_contain_text(UNANSWERED)
    person.check()
    page.get_by_role("button", name="All questions").click()
    page.get_by_label("Feedback").select_option("unhelpful")
    lines = page.get_by_role("list", name="All questions").get_by_role("listitem")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("How long do refunds take?")
    page.set_viewport_size({"width": 360, "height": 740})
    person.check()
    person.picture("search-questions-narrow")
    person.close()

    other = portal()
    page = other.open("#/search", key=viewing)
    page.get_by_role("button", name="Ask").hover()
    expect(page.get_by_text("Needs the scope answers:read").last).to_be_visible()
    page.get_by_role("button", name="Without an answer").click()
    expect(page.get_by_text("Needs the scope answers:manage")).to_be_visible()
    other.check()
    other.close()
