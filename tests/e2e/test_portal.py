"""The portal's frame and Home: signing in and out, an empty tenant's first item, ids that are found, figures."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.support.portal import Portal
from tests.support.stack import StackProcess


def test_signing_in_leads_to_where_one_was_and_ends_with_the_session(
    started: Browser, local_stack: StackProcess
) -> None:
    portal = Portal(started, local_stack)
    page = portal.open("#/home")
    expect(page.get_by_label("API key")).to_be_focused()
    portal.check()
    portal.picture("sign-in")
    page.get_by_label("API key").fill("mine")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("sk_live_")
    portal.sign_in(local_stack.credentials["adminKey"])
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    portal.check()
    portal.picture("home")
    portal.close()
