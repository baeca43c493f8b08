"""What of a draft holds; each kind of lie is told once, and the check is broken once for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from knowledge.answering import checking
from knowledge.answering.checking import Checked, check_draft, is_held_up
from knowledge.answering.model import Draft, Passage, Quote, Sentence
from knowledge.limits import ANSWER_CHARACTERS, ANSWER_CITATIONS

WHOLE = "Intro line.\nRefunds take 14 days. Call us at help@example.com first. Refunds take 14 days."
PASSAGE = Passage(1, "src_1", "a", "Money", None, WHOLE[12:], 12)
OTHER = Passage(2, "src_1", "b", "Other", None, "Parcels leave on Mondays.", 0)
TEXTS = {("src_1", "a"): WHOLE, ("src_1", "b"): OTHER.text}
TRUE = Quote(1, "Refunds take 14 days.")


def check(*sentences: Sentence, texts: Any = None) -> Checked:
    return check_draft(
        Draft(sentences), "How long do refunds take?", [PASSAGE, OTHER], TEXTS if texts is None else texts
    )


def test_a_quote_is_cited_with_its_place_in_the_item() -> None:
    found = check(Sentence(TRUE.text, (TRUE,)), Sentence("Mondays, parcels leave.", (Quote(2, OTHER.text), TRUE)))
    assert found.answer == "Refunds take 14 days. [1] Mondays, parcels leave. [2][1]"
    assert [(each.number, each.passage.external_item_id, each.start, each.end) for each in found.citations] == [
        (1, "a", 12, 33),
        (2, "b", 0, 25),
    ]
    assert all(
        TEXTS["src_1", each.passage.external_item_id][each.start : each.end] == each.quote for each in found.citations
    )


LIES = {
    "a letter is changed": Sentence(TRUE.text, (Quote(1, "Refunds take 15 days."),)),
    "white space is changed": Sentence(TRUE.text, (Quote(1, "Refunds  take 14 days."),)),
    "case is changed": Sentence(TRUE.text, (Quote(1, "refunds take 14 days."),)),
    "another passage is named": Sentence(TRUE.text, (Quote(2, TRUE.text),)),
    "no such passage": Sentence(TRUE.text, (Quote(3, TRUE.text),)),
    "one of two quotes is invented": Sentence(TRUE.text, (TRUE, Quote(1, "For everybody."))),
    "no quote": Sentence(TRUE.text, ()),
    "an empty quote": Sentence(TRUE.text, (Quote(1, " "),)),
    "another number beside a true quote": Sentence("Refunds take 15 days.", (TRUE,)),
    "a link beside a true quote": Sentence("Refunds take days, see https://evil.example", (TRUE,)),
    "an address beside a true quote": Sentence("Refunds take days: mail thief@example.com", (TRUE,)),
    "other words beside a true quote": Sentence("Our boss personally steals everything you own daily.", (TRUE,)),
    "no words": Sentence("…", (TRUE,)),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_left_out(lie: str) -> None:
    true = Sentence(OTHER.text, (Quote(2, OTHER.text),))
    found = check(LIES[lie], true)
    assert (found.answer, len(found.citations)) == ("Parcels leave on Mondays. [1]", 1)
    assert check(LIES[lie]) == Checked("", ())


def test_a_passage_that_is_not_the_items_is_no_proof() -> None:
    assert check(Sentence(TRUE.text, (TRUE,)), texts={("src_1", "a"): "Something else, " * 9}).citations == ()
    assert check(Sentence(TRUE.text, (TRUE,)), texts={}).citations == ()


def test_what_is_too_much_is_left_out_from_the_end() -> None:
    text = "\n".join(f"Fact {number} is here." for number in range(40))
    passage = replace(PASSAGE, text=text, start=0)
    facts = [Sentence(line, (Quote(1, line),)) for line in text.split("\n")]
    found = check_draft(Draft(tuple(facts)), "facts?", [passage], {("src_1", "a"): text})
    assert len(found.citations) == ANSWER_CITATIONS
    assert found.answer.endswith(f"Fact {ANSWER_CITATIONS - 1} is here. [{ANSWER_CITATIONS}]")
    long = "word " * (ANSWER_CHARACTERS // 5 + 1)
    draft = Draft((Sentence(long, (Quote(1, "word"),)),))
    assert check_draft(draft, "", [replace(passage, text=long)], {("src_1", "a"): long}) == Checked("", ())


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("Refunds take 5 days.", "Refunds take five days."),
        ("Refunds take 50 days.", "Refunds take 5 days."),
        ("Call us at +1 555 0100.", "Call us."),
        ("See https://evil.example/login.", "See https://good.example/login."),
        ("Write to a@evil.example.", "Write to a@good.example."),
        ("Open evil.example, open it now.", "Open it now."),
        ("Open EVIL.example:8080.", "Open evil.example."),
        ("Costs \u0665 dinars.", "Costs dinars."),
    ],
)
def test_figures_and_addresses_that_are_not_quoted_are_not_held_up(text: str, quoted: str) -> None:
    """The quote is real, and proves nothing of what is written beside it."""
    assert not is_held_up(Sentence(text, (Quote(1, quoted),)), "", [PASSAGE])
    assert is_held_up(Sentence(quoted, (Quote(1, quoted),)), "", [PASSAGE])


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("A 5-day wait.", "Wait for 5 days."),
        ("Write to Help@Example.com.", "Mail: help@example.com, or call."),
        ("It is at (https://example.com/a?b=1).", "See https://example.com/a?b=1"),
        ("5% of 1,000.50 is due on 2026/01/02.", "Due 2026/01/02: 5 % of 1,000.50"),
        ("Öffnen Sie bücher.example.", "Besuchen Sie bücher.example!"),
    ],
)
def test_figures_and_addresses_may_stand_in_other_words(text: str, quoted: str) -> None:
    assert is_held_up(Sentence(text, (Quote(1, quoted),)), "", [PASSAGE])


def test_facts_of_several_quotes_count_together() -> None:
    assert is_held_up(Sentence("At 5 until 9.", (Quote(1, "at 5"), Quote(1, "until 9"))), "", [PASSAGE])


Broken = Callable[..., Any]
BROKEN: dict[str, tuple[str, Broken]] = {
    "quotes are not looked for": ("find_quote", lambda quote, passage, texts: 0 if passage else None),
    "case and space do not count": (
        "find_quote",
        lambda quote, passage, texts: (
            0 if passage and "".join(quote.text.lower().split()) in "".join(passage.text.lower().split()) else None
        ),
    ),
    "any item will do": (
        "find_quote",
        lambda quote, passage, texts: 0 if passage and any(quote.text in text for text in texts.values()) else None,
    ),
    "sentences are not held against quotes": ("is_held_up", lambda sentence, question, cited: True),
    "facts are not held against quotes": ("_facts", lambda text: set()),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_check_that_is_broken_is_noticed(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, instead = BROKEN[broken]
    monkeypatch.setattr(checking, name, instead)
    let_through = [lie for lie in LIES if check(LIES[lie]).citations]
    assert let_through, "no lie would notice"
