"""Questions that ask the same, put together: what to write next. Pure.

Two texts ask the same when they differ in case, in the form of their characters, in spaces and in punctuation alone.
Words are not cut to their stems: one needs the language for that, and what was cut is nothing that anybody typed.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from knowledge.questions.model import KeptQuestion, QuestionKind

# Punctuation to Unicode, and part of a name to people.
_SIGNS = frozenset("#%&@")


@dataclass(slots=True)
class QuestionGroup:
    """Questions with one `form`; `text` is how the last of them was typed. Times are ms."""

    form: str
    text: str
    first_asked_at: int
    last_asked_at: int
    kinds: Counter[QuestionKind] = field(default_factory=Counter)
    source_ids: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        """How often it was asked."""
        return self.kinds.total()


def form_of(text: str) -> str:
    """The form that texts have in common which ask the same; of nothing but punctuation the text as it is."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    spoken = "".join(map(_spoken, folded))
    return " ".join(spoken.split()) or " ".join(folded.split())


def group_questions(questions: Iterable[KeptQuestion]) -> list[QuestionGroup]:
    """Put questions together, the most frequent first, then those asked last."""
    groups: dict[str, QuestionGroup] = {}
    for question in questions:
        form, at = form_of(question.text), question.asked_at
        group = groups.setdefault(form, QuestionGroup(form, question.text, at, at))
        if at > group.last_asked_at:
            group.text, group.last_asked_at = question.text, at
        group.first_asked_at = min(group.first_asked_at, at)
        group.kinds[question.kind] += 1
        group.source_ids |= question.source_ids
    return sorted(groups.values(), key=lambda group: (-group.count, -group.last_asked_at, group.form))


def _spoken(character: str) -> str:
    """Letters, their marks, numbers and signs as they are: C, C++ and C# are not the same. All else parts words."""
    category = unicodedata.category(character)
    if category[0] in "LMNS" or character in _SIGNS:
        return character
    # What shows nothing, such as a soft hyphen, parts no word.
    return "" if category == "Cf" else " "
