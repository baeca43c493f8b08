"""The one way from a draft to an answer: what is not held up by words that stand in the cited items is left out. Pure.

What would break it, and what stands against it:

- A provider invents a quote, changes a letter of it, or takes it from another passage: it must stand in the passage
  that it names, and at that place in the text of the item.
- It quotes truly, and says something else beside it, of its own or because a text told it to: half of the words
  of a sentence must be in its quotes, the title or the question; each number, address and host in its quotes.
- It answers at length: what does not fit is left out, whole sentences from the end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.answering.model import Draft, Passage, Quote, Sentence
from knowledge.limits import ANSWER_CHARACTERS, ANSWER_CITATIONS

ItemKey = tuple[str, str]
"""The ids of a source and of an item of it."""
# Letters and digits that stand together; of scripts without spaces each letter is a word.
_WORD = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\\W_]+")
# What harms if it is made up: numbers, addresses, names of hosts. All three take time by the length of the text alone.
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_HOST = re.compile(r"(?<!\w)\w++(?:\.\w++)++")
_RUN = re.compile(r"[!-~]+")
_AROUND = "\"'`.,;:!?()[]{}<>*_"
_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote that was checked: `number` is what the answer calls it, the places are those in the text of the item."""

    number: int
    passage: Passage
    quote: str
    start: int

    @property
    def end(self) -> int:
        """The first character behind it."""
        return self.start + len(self.quote)


@dataclass(frozen=True, slots=True)
class Checked:
    """What of a draft holds: its sentences with marks such as [1] behind them. Without citations it is no answer."""

    answer: str
    citations: tuple[Citation, ...]


def check_draft(draft: Draft, question: str, passages: Sequence[Passage], texts: Mapping[ItemKey, str]) -> Checked:
    """Keep the sentences of a draft that their quotes hold up; `texts` are those of the cited items, whole."""
    by_number = {each.number: each for each in passages}
    cited: dict[tuple[ItemKey, int, str], Citation] = {}
    told: list[str] = []
    for sentence in draft.sentences:
        found = _found(sentence, by_number, texts)
        if found is None or not is_held_up(sentence, question, [passage for passage, *_ in found]):
            continue
        more = dict(cited)
        numbers = []
        for passage, start, quote in found:
            place = (passage.source_id, passage.external_item_id), start, quote
            numbers.append(more.setdefault(place, Citation(len(more) + 1, passage, quote, start)).number)
        text = f"{sentence.text} {''.join(f'[{number}]' for number in dict.fromkeys(numbers))}"
        if len(more) > ANSWER_CITATIONS or len(" ".join([*told, text])) > ANSWER_CHARACTERS:
            break
        cited = more
        told.append(text)
    return Checked(" ".join(told), tuple(cited.values()))


def find_quote(quote: Quote, passage: Passage | None, texts: Mapping[ItemKey, str]) -> int | None:
    """Return where in the text of its item a quote stands, letter by letter; None when it does not."""
    if passage is None or not quote.text.strip():
        return None
    at = passage.text.find(quote.text)
    start = passage.start + at
    whole = texts.get((passage.source_id, passage.external_item_id), "")
    return start if at >= 0 and whole[start : start + len(quote.text)] == quote.text else None


def is_held_up(sentence: Sentence, question: str, cited: Sequence[Passage]) -> bool:
    """Tell whether quotes, which were found, say what a sentence says."""
    quotes = "\n".join(quote.text for quote in sentence.quotes)
    if not _facts(sentence.text) <= _facts(quotes):
        return False
    said = _words(sentence.text)
    known = {*_words(quotes), *_words(question), *(word for each in cited for word in _words(each.title))}
    return bool(sentence.quotes and said) and sum(word in known for word in said) >= _SHARE * len(said)


def _found(
    sentence: Sentence, by_number: Mapping[int, Passage], texts: Mapping[ItemKey, str]
) -> list[tuple[Passage, int, str]] | None:
    """Find all quotes of a sentence: passages, and where in the text of their items; None when one is not there."""
    found = []
    for quote in sentence.quotes:
        passage = by_number.get(quote.passage)
        start = find_quote(quote, passage, texts)
        if passage is None or start is None:
            return None
        found.append((passage, start, quote.text))
    return found


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _facts(text: str) -> set[str]:
    addresses = (run.strip(_AROUND) for run in _RUN.findall(text) if "@" in run or "://" in run)
    return {found.casefold() for found in (*_NUMBER.findall(text), *_HOST.findall(text), *addresses)}
