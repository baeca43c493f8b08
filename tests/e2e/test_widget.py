"""The widget in a real browser, under the policy that the docs give, before a stand-in for the API that misbehaves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.widget_api import KEY, Asked, Said, WidgetApi, answered, citation, found, not_found, refused, result
from tests.support.widget_browser import Visit

Visiting = Callable[..., Visit]
HOSTILE = (
    '<img src=x onerror=alert(1)><script>alert(2)</script><a href="javascript:alert(3)">x</a>',
    "\u202egnp.exe\u202c \u2066\u2067\u200f evil",
    "w" * 5000,
    "{{constructor.constructor('alert(4)')()}}",
    "]]>--><style>*{display:none}</style>",
)
WIDGET = f'<knowledge-widget key="{KEY}"></knowledge-widget>'
ARABIC = "كيف أعيد طلبا"


@pytest.fixture
def api() -> Iterator[WidgetApi]:
    stand_in = WidgetApi()
    yield stand_in
    stand_in.close()


@pytest.fixture
def visit(started: Browser, api: WidgetApi) -> Iterator[Visiting]:
    visits: list[Visit] = []

    def open_page(element: str = WIDGET, *, head: str = "", **context: Any) -> Visit:
        visits.append(Visit(started, api.page(element, head=head), options=context))
        return visits[-1]

    yield open_page
    for each in visits:
        each.close()


def test_it_asks_nothing_before_it_is_used_but_for_its_own_file(api: WidgetApi, visit: Visiting) -> None:
    seen = visit(f'<knowledge-widget key="{KEY}" shortcut></knowledge-widget>')
    seen.input.focus()
    seen.page.wait_for_timeout(600)
    assert (api.asked, len(api.files)) == ([], 1)
    seen.page.evaluate("document.activeElement.blur()")
    seen.page.keyboard.press("Control+k")
    expect(seen.input).to_be_focused()
    assert api.asked == []


def test_it_searches_as_one_types_once_the_typing_rests(api: WidgetApi, visit: Visiting) -> None:
    money = {"title": [{"start": 10, "end": 15}], "snippet": []}
    api.search = lambda _: found(result("Refunds 🙂 money", highlights=money))
    seen = visit(f'<knowledge-widget key="{KEY}" sources="src_1 src_2" limit="3"></knowledge-widget>')
    seen.type("refu")
    expect(seen.options).to_have_count(1)
    (asked,) = api.requests("/v1/search")
    assert asked.body == {"query": "refu", "prefix": True, "limit": 3, "sourceIds": ["src_1", "src_2"]}
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["origin"] == api.origin
    assert {"referer", "cookie"} & asked.headers.keys() == set()
    # Places count code points: the picture before the word is one.
    expect(seen.part("mark")).to_have_text("money")
    expect(seen.status).to_have_text("Results: 1")
    assert seen.told() == [["search", {"query": "refu", "results": 1}]]
    assert seen.faults() == []


def test_a_snippet_that_begins_with_the_title_does_not_say_it_again(api: WidgetApi, visit: Visiting) -> None:
    title, places = "Dimmers 🙂", {"title": [], "snippet": [{"start": 0, "end": 7}, {"start": 16, "end": 22}]}
    api.search = lambda _: found(
        result(title, snippet=f"{title}\nUse a dimmer.", highlights=places),
        result("Dimmers", snippet="Dimmers flicker.", highlights={}),
    )
    seen = visit()
    seen.type("dimmer")
    expect(seen.part("snippet")).to_have_text(["Use a dimmer.", "Dimmers flicker."])
    expect(seen.part("mark")).to_have_text("dimmer")
    assert seen.faults() == []


def test_a_secret_key_on_a_page_is_sent_to_nobody_and_told(api: WidgetApi, visit: Visiting) -> None:
    seen = visit('<knowledge-widget key="sk_live_secret"></knowledge-widget>')
    seen.type("refunds")
    expect(seen.page.get_by_role("alert")).to_contain_text("not set up for this page")
    assert api.asked == []
    assert any("is a secret key" in line for line in seen.said)
    assert seen.faults() == []


def test_one_letter_is_no_search_but_one_of_chinese_is(api: WidgetApi, visit: Visiting) -> None:
    seen = visit()
    seen.type("r")
    seen.page.wait_for_timeout(500)
    assert api.asked == []
    seen.input.fill("")
    seen.type("退")
    expect(seen.options).to_have_count(1)


def test_an_answer_to_an_earlier_word_never_shows(api: WidgetApi, visit: Visiting) -> None:
    """The first search is answered last, and with other results."""
    gate = threading.Event()

    def search(asked: Asked) -> Said:
        said = found(result(f"About {asked.body['query']}"))
        said.gate = gate if asked.body["query"] == "old" else None
        return said

    api.search = search
    seen = visit()
    seen.type("old")
    seen.page.wait_for_timeout(600)
    assert [each.body["query"] for each in api.requests("/v1/search")] == ["old"]
    seen.input.fill("newer")
    expect(seen.part("title")).to_have_text("About newer")
    gate.set()
    seen.page.wait_for_timeout(300)
    expect(seen.part("title")).to_have_text("About newer")


def test_a_late_answer_to_an_earlier_question_never_shows(api: WidgetApi, visit: Visiting) -> None:
    gate = threading.Event()

    def answer(asked: Asked) -> Said:
        said = answered(f"To {asked.body['question']} [1]")
        said.gate = gate if asked.body["question"] == "first" else None
        return said

    api.answer = answer
    seen = visit()
    seen.ask("first")
    expect(seen.part("wait")).to_be_visible()
    expect(seen.status).to_have_text("Looking for an answer …")
    assert seen.faults() == []
    seen.input.fill("second")
    seen.page.keyboard.press("Enter")
    expect(seen.part("text")).to_contain_text("To second")
    gate.set()
    seen.page.wait_for_timeout(300)
    expect(seen.part("text")).to_contain_text("To second")


def test_everything_goes_by_the_keyboard(api: WidgetApi, visit: Visiting) -> None:
    api.search = lambda _: found(*(result(name) for name in ("One", "Two", "Three")))
    seen = visit()
    press = seen.page.keyboard.press
    seen.type("refund")
    expect(seen.options).to_have_count(3)
    expect(seen.input).to_have_attribute("aria-expanded", "true")
    steps = [("ArrowDown", "One"), ("ArrowDown", "Two"), ("End", "Three"), ("ArrowDown", None), ("ArrowUp", "Three")]
    for key, active in [*steps, ("Home", "One"), ("ArrowUp", None), ("ArrowDown", "One")]:
        press(key)
        assert seen.active == active, key
        expect(seen.page.get_by_role("option", selected=True)).to_have_count(1 if active else 0)
    expect(seen.input).to_be_focused()
    assert seen.faults() == []
    press("Escape")
    expect(seen.input).to_have_attribute("aria-expanded", "false")
    assert (seen.active, seen.input.input_value()) == (None, "refund")
    press("ArrowDown")
    assert seen.active == "One"
    press("Escape")
    press("Escape")
    expect(seen.input).to_have_value("")
    expect(seen.input).to_be_focused()
    seen.ask("how long do refunds take")
    expect(seen.part("text")).to_be_visible()
    for name in ("Clear", "Ask", "Source 1: Refunds", "Refunds", "Yes", "No"):
        press("Tab")
        expect(seen.page.locator(":focus:not(knowledge-widget)")).to_have_accessible_name(name)


def test_enter_on_a_result_opens_it(api: WidgetApi, visit: Visiting) -> None:
    api.search = lambda _: found(result(url=f"{api.origin}/page0?opened"))
    seen = visit()
    seen.type("refund")
    expect(seen.options).to_have_count(1)
    seen.page.keyboard.press("ArrowDown")
    with seen.page.expect_navigation(url="**/page0?opened"):
        seen.page.keyboard.press("Enter")


def test_a_page_can_open_results_by_itself(api: WidgetApi, visit: Visiting) -> None:
    seen = visit()
    seen.page.evaluate("addEventListener('knowledge-select', event => event.preventDefault())")
    seen.type("refund")
    seen.options.first.click()
    event = {"sourceId": "src_1", "externalItemId": "refunds", "title": "Refunds"}
    assert seen.told()[-1] == ["select", {**event, "url": "https://help.example.com/refunds"}]
    assert seen.page.url.startswith(api.origin)


def test_an_answer_quotes_its_sources_and_takes_feedback(api: WidgetApi, visit: Visiting) -> None:
    texts = "Refunds take 14 days. [1] Gift cards are not refunded. [2] Not a source: [7]"
    api.answer = lambda _: answered(texts, citation(1), citation(2, title="Gift cards", url="ftp://x/y", quote="No."))
    seen = visit(f'<knowledge-widget key="{KEY}" target="_blank"></knowledge-widget>')
    seen.ask("how long do refunds take?")
    expect(seen.part("text")).to_have_text(texts)
    assert api.requests("/v1/answers")[0].body == {"question": "how long do refunds take?"}
    links = seen.page.get_by_role("link")
    expect(links).to_have_count(2)
    for link in links.all():
        assert link.get_attribute("href") == "https://help.example.com/refunds"
        assert (link.get_attribute("rel"), link.get_attribute("target")) == ("noopener", "_blank")
    expect(seen.part("quote")).to_have_text(["We refund orders within 14 days of delivery.", "No."])
    expect(seen.part("host")).to_have_text(["help.example.com"])
    expect(seen.status).to_have_text(f"{texts} Sources: 2")
    assert seen.faults() == []
    expect(seen.page.get_by_role("region", name="Answer")).to_be_visible()
    seen.page.get_by_role("button", name="Yes").click()
    expect(seen.part("feedback")).to_have_text("Thank you.")
    (told,) = api.requests("/v1/answers/ans_01KAQ5HZY6V7B2N3M4P5Q6R7S8/feedback")
    assert told.body == {"helpful": True}
    assert seen.faults() == []


def test_feedback_that_is_not_taken_is_not_asked_for(api: WidgetApi, visit: Visiting) -> None:
    said = answered()
    said.body["feedback"] = False
    api.answer = lambda _: said
    seen = visit()
    seen.ask("refunds?")
    expect(seen.part("text")).to_be_visible()
    expect(seen.part("feedback")).to_have_count(0)
    said.body["feedback"] = True
    api.feedback = lambda _: refused(404, "not_found")
    seen.page.keyboard.press("Enter")
    seen.page.get_by_role("button", name="No", exact=True).click()
    expect(seen.part("feedback")).to_have_count(0)


def test_what_nothing_answers_is_said(api: WidgetApi, visit: Visiting) -> None:
    api.answer = lambda _: not_found()
    seen = visit()
    seen.ask("do you sell cars?")
    expect(seen.part("not-found")).to_contain_text("Nothing here answers that question.")
    expect(seen.part("citations")).to_have_count(0)
    assert seen.faults() == []


def test_a_search_that_finds_nothing_says_so(api: WidgetApi, visit: Visiting) -> None:
    api.search = lambda _: found()
    seen = visit()
    seen.type("zzzz")
    expect(seen.part("note")).to_contain_text("Nothing found.")
    expect(seen.input).to_have_attribute("aria-expanded", "false")
    assert seen.faults() == []


FAILURES = [
    (refused(429, "rate_limited", Retry_After="1"), "Wait 1 seconds", "limited", True),
    (refused(429, "answer_budget"), "No more questions are answered today", "budget", False),
    (refused(429, "request_budget"), "used up for today", "spent", False),
    (refused(503, "unavailable", Retry_After="2"), "not available right now", "unavailable", True),
    (refused(503, "index_upgrading"), "not available right now", "unavailable", True),
    (refused(500, "internal_error"), "Something went wrong", "failed", True),
    (refused(504, "timeout"), "took too long", "slow", True),
    (refused(403, "origin_not_allowed"), "not set up for this page", "refused", False),
    (refused(401, "key_revoked"), "not set up for this page", "refused", False),
    (refused(400, "validation_error"), "can't be searched for", "rejected", False),
    (Said(502, b"<html>Bad gateway</html>"), "Something went wrong", "failed", True),
    (Said(200, b"<html>Sign in to the wifi</html>"), "can't be reached", "unreachable", True),
    (Said(breaks=True), "can't be reached", "unreachable", True),
]


def test_every_failure_says_what_to_do_and_a_second_try_helps(api: WidgetApi, visit: Visiting) -> None:
    seen = visit()
    for failure, words, kind, helps in FAILURES:
        api.answer = lambda _, failure=failure: failure
        seen.input.fill("how long do refunds take?")
        seen.page.keyboard.press("Enter")
        alert = seen.page.get_by_role("alert")
        expect(alert).to_contain_text(words)
        expect(seen.part("answer")).to_be_hidden()
        assert seen.told()[-1][1]["kind"] == kind
        again = seen.page.get_by_role("button", name="Try again")
        expect(again).to_have_count(1 if helps else 0)
        if helps:
            api.answer = lambda _: answered()
            again.click()
            expect(seen.part("text")).to_be_visible()
            expect(seen.input).to_be_focused()
            expect(seen.part("message")).to_be_hidden()
    api.answer = lambda _: refused(503, "unavailable")
    seen.page.keyboard.press("Enter")
    expect(seen.part("message")).to_be_visible()
    assert seen.faults() == []


def test_offline_is_told_and_mended(visit: Visiting) -> None:
    seen = visit()
    seen.context.set_offline(True)
    seen.type("refunds")
    expect(seen.page.get_by_role("alert")).to_contain_text("You are offline.")
    seen.context.set_offline(False)
    seen.page.get_by_role("button", name="Try again").click()
    expect(seen.options).to_have_count(1)
    expect(seen.part("message")).to_be_hidden()


def test_a_limit_is_waited_for_while_one_types(api: WidgetApi, visit: Visiting) -> None:
    api.search = lambda _: refused(429, "rate_limited", Retry_After="2")
    seen = visit()
    seen.type("refu")
    expect(seen.page.get_by_role("alert")).to_contain_text("Wait 2 seconds")
    expect(seen.page.get_by_role("button", name="Try again")).to_be_disabled()
    api.search = lambda _: found(result())
    seen.type("nds")
    seen.page.wait_for_timeout(800)
    assert len(api.requests("/v1/search")) == 1
    expect(seen.options).to_have_count(1)
    assert [each.body["query"] for each in api.requests("/v1/search")] == ["refu", "refunds"]


def test_a_slow_answer_says_that_it_goes_on(api: WidgetApi, visit: Visiting) -> None:
    gate = threading.Event()
    said = answered()
    said.gate = gate
    api.answer = lambda _: said
    seen = visit()
    seen.page.clock.install()
    seen.ask("refunds?")
    expect(seen.part("wait")).to_have_text("Looking for an answer …")
    seen.page.clock.run_for(8_500)
    expect(seen.part("wait")).to_have_text("This takes longer than usual. Please wait …")
    seen.page.clock.run_for(22_000)
    expect(seen.page.get_by_role("alert")).to_contain_text("took too long")
    gate.set()


@pytest.mark.parametrize("text", HOSTILE, ids=["markup", "bidi", "huge", "template", "style"])
def test_whatever_is_published_stays_text(api: WidgetApi, visit: Visiting, text: str) -> None:
    addresses = ("javascript:alert(5)", "data:text/html,<script>alert(6)</script>", "//evil.example", "jAvAsCrIpT:x()")
    places = {"title": [{"start": 2, "end": 4}], "snippet": [{"start": -5, "end": 1e9}, {"start": "x"}]}
    results = [result(text, snippet=text, url=url, highlights=places) for url in addresses]
    citations = [citation(n, title=text, url=url, quote=text) for n, url in enumerate(addresses, 1)]
    api.search = lambda _: found(*results)
    api.answer = lambda _: answered(text, *citations)
    seen = visit(viewport={"width": 320, "height": 640})
    seen.type("anything")
    expect(seen.part("title")).to_have_text([text] * 4)
    expect(seen.part("snippet")).to_have_text([text] * 4)
    assert seen.faults() == []
    seen.page.keyboard.press("Enter")
    expect(seen.part("quote")).to_have_text([text] * 4)
    expect(seen.part("text")).to_contain_text(text)
    # Nothing of it is a link, and nothing of it became an element.
    expect(seen.page.get_by_role("link")).to_have_count(0)
    made = "img, script, style, iframe, a"
    inside = f"document.querySelector('knowledge-widget').shadowRoot.querySelectorAll('{made}').length"
    assert seen.page.evaluate(inside) == 0
    assert seen.faults() == []


def test_a_result_without_an_address_is_asked_about(api: WidgetApi, visit: Visiting) -> None:
    api.search = lambda _: found(result("Refund rules", url="javascript:alert(1)"))
    seen = visit()
    seen.type("refund")
    seen.options.first.click()
    expect(seen.part("question")).to_have_text("Refund rules")
    assert api.requests("/v1/answers")[0].body == {"question": "Refund rules"}


def test_it_speaks_the_pages_language_or_its_own_words(visit: Visiting) -> None:
    for head, element, word in (
        ('<html lang="de-AT">', "", "Fragen"),
        ('<html lang="es">', "", "Preguntar"),
        ('<html lang="fr">', "", "Ask"),
        ('<html lang="fr">', ' lang="de"', "Fragen"),
        ('<html lang="en">', """ strings='{"ask": "Go", "unknown": 1}'""", "Go"),
        ('<html lang="en">', " strings='no json'", "Ask"),
    ):
        seen = visit(f'<knowledge-widget key="{KEY}"{element}></knowledge-widget>', head=head)
        expect(seen.part("ask")).to_have_text(word)
    assert any("is no JSON object" in line for line in seen.said)


def test_search_alone_asks_no_question(api: WidgetApi, visit: Visiting) -> None:
    seen = visit(f'<knowledge-widget key="{KEY}" ask="off"></knowledge-widget>')
    seen.ask("refunds")
    expect(seen.options).to_have_count(1)
    expect(seen.part("ask")).to_be_hidden()
    assert api.requests("/v1/answers") == []


def test_a_widget_without_a_key_says_so_and_asks_nobody(api: WidgetApi, visit: Visiting) -> None:
    seen = visit("<knowledge-widget></knowledge-widget>")
    seen.ask("refunds")
    expect(seen.page.get_by_role("alert")).to_contain_text("not set up for this page")
    assert any("the attribute `key` is missing" in line for line in seen.said)
    assert api.asked == []


def test_what_is_taken_off_the_page_asks_no_more(api: WidgetApi, visit: Visiting) -> None:
    seen = visit()
    seen.type("refunds")
    seen.page.evaluate("document.querySelector('knowledge-widget').remove()")
    seen.page.wait_for_timeout(500)
    assert api.asked == []


LOOKS = {
    "narrow": {"viewport": {"width": 320, "height": 568}},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
    "rtl": {"viewport": {"width": 480, "height": 700}},
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_look_is_fit_to_read(api: WidgetApi, visit: Visiting, look: str) -> None:
    arabic = look == "rtl"
    title = ARABIC if arabic else "Refunds and how long they take"
    api.search = lambda _: found(result(title), result("Returns", url=None))
    seen = visit(head='<html lang="ar" dir="rtl">' if arabic else "", **LOOKS[look])
    assert seen.faults() == []
    seen.type(ARABIC if arabic else "refunds")
    expect(seen.options).to_have_count(2)
    seen.page.keyboard.press("ArrowDown")
    assert seen.faults() == []
    seen.page.keyboard.press("Escape")
    seen.page.keyboard.press("Enter")
    expect(seen.part("text")).to_be_visible()
    assert seen.faults() == []
    api.answer = lambda _: refused(503, "unavailable")
    seen.page.keyboard.press("Enter")
    expect(seen.part("message")).to_be_visible()
    assert seen.faults() == []
    if arabic:
        field, ask = seen.part("input").bounding_box(), seen.part("ask").bounding_box()
        assert field and ask
        assert ask["x"] < field["x"]
