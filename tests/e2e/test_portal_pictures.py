"""Pictures of the portal: made for the docs by `make screenshots`, and here to see that they still can be made."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.support.portal import Portal
from tests.support.portal_source import Writer
from tests.support.stack import StackProcess

SIZE = {"width": 1040, "height": 700}
REFUNDS = "We refund orders within **{days} days** of delivery. {more}\n\nUnused goods come back in their packaging."


def _fill(source: Writer) -> str:
    """Publish twice, stage a third change, and tell the run that would publish it."""
    source.push("faq/refunds", "Refunds", REFUNDS.format(days=14, more="You pay the postage."))
    source.push("faq/hours", "Opening hours", "We answer from nine to five.")
    source.push("faq/fax", "Our fax number", "Send a fax to 030 1234.")
    source.publish("The first articles")
    source.push("faq/invoices", "Invoices", "Your invoice comes by mail, one day after the order.")
    source.publish("Where invoices are")
    source.push("faq/refunds", "Refunds", REFUNDS.format(days=30, more="We pay the postage."))
    source.push("faq/gifts", "Gift cards", "They are valid for three years.")
    source.ask("DELETE", "items/faq%2Ffax")
    return source.run("Longer refunds, no more fax")


def test_pictures(portal: Callable[..., Portal], tenant: str, local_stack: StackProcess) -> None:
    source = Writer(local_stack, "Help centre", key=tenant)
    run = _fill(source)
    person = portal(viewport=SIZE)
    page = person.open("#/home", key=tenant)
    expect(page.get_by_text("Longer refunds").or_(page.get_by_text("3 changes")).first).to_be_visible()
    person.picture("home")
    person.go(f"#/review/{source.id}/{run}?item=faq%2Frefunds")
    expect(page.locator("article.change-view ins").first).to_have_text("30")
    person.picture("review", frame=False)
    person.close()
    night = portal(viewport=SIZE, color_scheme="dark")
    page = night.open(f"#/generations/{source.id}", key=tenant)
    expect(page.locator(".timeline > li")).to_have_count(2)
    night.picture("generations", frame=False)
    night.close()
