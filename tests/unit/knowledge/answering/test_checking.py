"""What of a draft holds; each kind of lie is told once, and the check is broken once for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from knowledge.answering import checking
from knowledge.answering.checking import Checked, check_draft
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
    "facts are not held against quotes": ("_facts", lambda text: ()),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_check_that_is_broken_is_noticed(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, instead = BROKEN[broken]
    monkeypatch.setattr(checking, name, instead)
    let_through = [lie for lie in LIES if check(LIES[lie]).citations]
    assert let_through, "no lie would notice"
