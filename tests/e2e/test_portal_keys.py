"""The portal's screen Keys: a key is made, tried, narrowed, replaced and revoked; its secret stays nowhere."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.support.portal import Portal
from tests.support.portal_source import SCRIPT
from tests.support.stack import StackProcess

Opening = Callable[..., Portal]
KEPT_ANYWHERE = (
    "document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea')].map(e => e.value)"
    " + JSON.stringify({...sessionStorage}) + JSON.stringify({...localStorage}) + location.href"
)


def shown_secret(dialog: Locator) -> str:
    return dialog.get_by_role("region", name="Secret").locator("pre").inner_text()


def close_for_good(page: Page, secret: str) -> None:
    """Close the dialog with a secret, which is in the page until then and nowhere afterwards."""
    assert secret in page.evaluate(KEPT_ANYWHERE)
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Show the request").click()
    assert secret not in page.evaluate(KEPT_ANYWHERE)
    page.get_by_role("dialog").get_by_role("button", name="Close").click()


def test_a_key_is_made_changed_replaced_and_ended_and_its_secret_stays_nowhere(
    portal: Opening, tenant: str, local_stack: StackProcess
) -> None:
    with local_stack.client(tenant) as api:
        source = api.post("v1/sources", json={"name": f"Docs {SCRIPT}"}).json()["source"]["id"]
    person = portal(viewport={"width": 1440, "height": 900})
    page = person.open("#/keys", key=tenant)
    table = page.get_by_role("region", name="Keys")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table.get_by_text("Your session is a part of it")).to_be_visible()
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(SCRIPT)
    expect(dialog.get_by_label(f"Docs {SCRIPT}")).to_be_checked()
    person.check()
    person.picture("keys-create")
    dialog.get_by_role("button", name="Make the key").click()
    secret = shown_secret(dialog)
    # What can't be shown again isn't lost by a key that was pressed once too often.
    expect(dialog.get_by_role("button", name="Copy").first).to_be_focused()
    # Browsers let a page refuse the first of them alone.
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(dialog.get_by_role("region", name="For an .env file")).to_contain_text(f"CHATBOT_KEY={secret}")
    expect(dialog.get_by_role("region", name="Try it in a terminal")).to_contain_text("/v1/whoami")
    dialog.get_by_role("button", name="Test it now").click()
    expect(dialog.get_by_text("It works")).to_be_visible()
    person.check()
    close_for_good(page, secret)
    with local_stack.client(secret) as api:
        assert api.get("v1/whoami").json()["key"]["sourceIds"] == [source]

    row = table.get_by_role("row", name=SCRIPT)
    expect(row).to_contain_text("items:write")
    expect(row).to_contain_text(f"Docs {SCRIPT}")
    page.get_by_label("Scope").select_option("keys:manage")
    expect(row).to_have_count(0)
    page.get_by_label("Scope").select_option("items:write")
    expect(row).to_have_count(1)
    person.picture("keys")
    row.get_by_role("link").click()
    page.get_by_role("button", name="Edit").click()
    form = page.get_by_role("region", name="Edit")
    form.get_by_label("runs:apply").uncheck()
    form.get_by_label("Requests a minute").fill("30")
    person.check()
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    expect(page.locator("main")).not_to_contain_text("runs:apply")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Enable")).to_be_visible()
    with local_stack.client(secret) as api:
        assert api.get("v1/whoami").status_code == 401
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_role("button", name="Disable")).to_be_visible()

    page.get_by_role("button", name="Rotate").click()
    dialog.get_by_role("slider").fill("7")
    expect(dialog).to_contain_text("for 7 days")
    dialog.get_by_role("button", name="Rotate").click()
    second = shown_secret(dialog)
    close_for_good(page, second)
    card = page.get_by_role("region", name="Rotation")
    expect(card).to_contain_text("The new key was not used yet")
    with local_stack.client(second) as api:
        assert api.get("v1/whoami").is_success
    page.reload()
    # The old key was used within the hour.
    expect(card).to_contain_text("The old key was used in the last two hours")
    person.check()
    person.picture("keys-rotation")
    card.get_by_role("button", name="Revoke the old key").click()
    revoke = dialog.get_by_role("button", name="Revoke")
    expect(revoke).to_have_attribute("aria-disabled", "true")
    dialog.get_by_label("Type its name").fill(SCRIPT)
    revoke.click()
    expect(card).to_contain_text("The old key has ended")
    with local_stack.client(secret) as api:
        assert api.get("v1/whoami").status_code == 401
    person.close()


def test_a_leaked_text_is_told_and_replaced_at_once_and_a_colleague_is_let_in(
    portal: Opening, tenant: str, local_stack: StackProcess
) -> None:
    with local_stack.client(tenant) as api:
        leaked = api.post("v1/admin/keys", json={"name": "CI", "scopes": ["items:read"]}).json()["secret"]
    person = portal(viewport={"width": 360, "height": 740}, color_scheme="dark")
    page = person.open("#/keys", key=tenant)
    expect(page.get_by_role("row", name="CI")).to_be_visible()
    person.check()
    person.picture("keys-narrow")
    page.get_by_role("button", name="Leaked?").click()
    dialog = page.get_by_role("dialog")
    for text in ("sk_live_" + "a" * 60, leaked):
        dialog.get_by_label("The text that leaked").fill(text)
        dialog.get_by_role("button", name="Find the key").click()
        expect(dialog.get_by_text("It is no key of yours." if text != leaked else "CI", exact=True)).to_be_visible()
    assert leaked not in page.evaluate(KEPT_ANYWHERE)
    dialog.get_by_role("button", name="Replace it at once").click()
    second = shown_secret(dialog)
    person.check()
    person.picture("keys-secret-narrow")
    close_for_good(page, second)
    page.get_by_role("button", name="Show the request").click()
    expect(dialog).to_contain_text("/v1/admin/keys/identify")
    assert leaked not in page.evaluate(KEPT_ANYWHERE)
    page.keyboard.press("Escape")
    with local_stack.client(leaked) as old, local_stack.client(second) as new:
        assert (old.get("v1/whoami").status_code, new.get("v1/whoami").status_code) == (401, 200)

    page.get_by_role("button", name="Invite a colleague").click()
    dialog.get_by_label("Who is it for?").fill("Anna")
    person.check()
    dialog.get_by_role("button", name="Make the link").click()
    link = dialog.get_by_role("region", name="Sign-in link").locator("pre").inner_text()
    dialog.get_by_role("button", name="Close").last.click()
    assert link.partition("#code=")[2] not in page.evaluate(KEPT_ANYWHERE)
    colleague = portal()
    colleague.page.goto(link)
    expect(colleague.page.get_by_text("Signed in as Anna")).to_be_visible()
    # A viewer sees why nothing here is theirs.
    colleague.go("#/keys")
    expect(colleague.page.get_by_text("Needs the scope keys:manage").last).to_be_visible()
    button = colleague.page.get_by_role("button", name="New key")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.press("Enter")
    expect(colleague.page.get_by_role("dialog")).to_have_count(0)
    colleague.check()
    colleague.picture("keys-viewer")

    with local_stack.client(tenant) as api:
        own = api.get("v1/whoami").json()["key"]["id"]
    person.go(f"#/keys/{own}")
    people = page.get_by_role("region", name="People signed in with it")
    expect(people.get_by_role("listitem")).to_have_count(2)
    person.check()
    person.picture("key-narrow")
    people.get_by_role("button", name="End the session Anna").click()
    expect(people.get_by_role("listitem")).to_have_count(1)
    colleague.page.reload()
    expect(colleague.page.get_by_text("Your session was ended.")).to_be_visible()
    colleague.close(refused=(401,))
    person.close(refused=(404,))
