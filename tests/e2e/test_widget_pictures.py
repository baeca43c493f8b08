"""Pictures of the widget: made for the docs by `make screenshots`, and here for whoever wants to look."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.widget_api import KEY, WidgetApi, answered, citation, found, not_found, refused, result
from tests.support.widget_browser import Visit

IN_DOCS = ("widget-search", "widget-answer", "widget-dark")
WIDE: dict[str, Any] = {"viewport": {"width": 640, "height": 520}}
NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 568}}
MARK = [{"start": 0, "end": 6}]
RESULTS = (
    result(
        "Return an order",
        snippet="Return gloves and tools within 30 days, unused.",
        highlights={"title": MARK, "snippet": MARK},
    ),
    result(
        "Refund timing", snippet="Refunds arrive within five working days.", highlights={"title": [], "snippet": []}
    ),
    result(
        "Tool repair and sharpening", snippet="Send a tool back to us, and we return it sharp.", url=None, highlights={}
    ),
)
ANSWER = answered(
    "You can return gloves within 30 days, unused and in their packaging. [1] "
    "Refunds arrive within five working days. [2]",
    citation(1, title="Return an order", quote="You can return gloves within 30 days, unused and in their packaging."),
    citation(2, title="Refund timing", quote="Refunds arrive within five working days.", url=None),
)
ARABIC = answered(
    "يمكنك إرجاع الطلب خلال 30 يومًا. [1]",
    citation(1, title="إرجاع طلب", quote="يمكنك إرجاع الطلب خلال 30 يومًا."),
)


@pytest.fixture
def api() -> Iterator[WidgetApi]:
    stand_in = WidgetApi()
    stand_in.search = lambda _: found(*RESULTS)
    stand_in.answer = lambda _: ANSWER
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(os.environ.get("SCREENSHOTS") or tmp_path_factory.mktemp("pictures"))


def search(seen: Visit) -> None:
    seen.type("return gl")
    expect(seen.options).to_have_count(3)
    seen.page.keyboard.press("ArrowDown")


def ask(seen: Visit, question: str = "how do I return gloves?") -> None:
    seen.ask(question)
    expect(seen.part("wait")).to_have_count(0)


STATES: dict[str, tuple[dict[str, Any], str, Any]] = {
    "widget-search": (WIDE, "", search),
    "widget-answer": (WIDE, "", ask),
    "widget-dark": ({**WIDE, "color_scheme": "dark"}, ' theme="dark"', ask),
    "idle": (WIDE, "", lambda _: None),
    "narrow-search": (NARROW, "", search),
    "narrow-answer": (NARROW, "", ask),
    "rtl": (NARROW, "", lambda seen: ask(seen, "كيف أعيد طلبا؟")),
    "forced": ({**WIDE, "forced_colors": "active"}, "", search),
    "not-found": (WIDE, "", ask),
    "failed": (WIDE, "", ask),
    "german": (WIDE, ' lang="de"', ask),
    "dark-search": ({**WIDE, "color_scheme": "dark"}, "", search),
}


@pytest.mark.parametrize("state", STATES)
def test_picture(started: Browser, api: WidgetApi, folder: Path, state: str) -> None:
    context, attributes, act = STATES[state]
    if os.environ.get("SCREENSHOTS") and state not in IN_DOCS:
        pytest.skip("not in the docs")
    api.answer = lambda _: {"not-found": not_found(), "failed": refused(503, "unavailable"), "rtl": ARABIC}.get(
        state, ANSWER
    )
    dark = "dark" in state
    head = ' dir="rtl"' if state == "rtl" else ""
    url = api.page(f'<knowledge-widget key="{KEY}"{attributes}></knowledge-widget>', head=head)
    seen = Visit(started, url, options=context)
    if dark:
        # The page's own policy lets no style in, so the browser itself makes it dark.
        seen.page.evaluate("document.documentElement.style.colorScheme = 'dark'")
    act(seen)
    seen.page.screenshot(path=folder / f"{state}.png", animations="disabled", caret="hide")
    seen.close()
