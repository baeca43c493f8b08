"""What an answer is made of: passages that are given to a provider, and what it makes of them. Pure.

Places are characters (code points) of the text of an item as people read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an item; `number` counts from 1, `start` is where its text begins in the text of the item.

    `section` are the headings that lead to it; `language` is the item's or its source's, None when nobody
    said. `promise` is how well its item fits the question as a whole, 1 for the best.
    """

    number: int
    source_id: str
    external_item_id: str
    title: str
    url: str | None
    text: str
    start: int
    section: str = ""
    language: str | None = None
    promise: float = 1.0


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that are said to stand in a passage, letter by letter."""

    passage: int
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer and what it rests on."""

    text: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a provider answers; nothing of it has been checked. Without a sentence it found no answer."""

    sentences: tuple[Sentence, ...] = ()


class ProviderFailure(StrEnum):
    """Why a provider gave no draft. `refused` is the deployment's to mend; the others pass, or are the model's."""

    THROTTLED = "throttled"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    CUT = "cut"
    FILTERED = "filtered"
    MALFORMED = "malformed"


class AnswerProvider(Protocol):
    """Makes an answer of passages, which are data to it and never instructions."""

    @property
    def name(self) -> str:
        """What the answer tells of its provider."""

    def answer(self, question: str, language: str | None, passages: Sequence[Passage]) -> Draft:
        """Answer a question. Raises ProviderFailedError, when another provider should be asked."""
