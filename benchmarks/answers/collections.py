"""How well questions are answered, by collections of questions with known answers."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from search.answers.choosing import CONFIDENT

from benchmarks.answers.asking import Base, Material
from benchmarks.public_collections import read_lines

NAMES = ("xquad-en", "xquad-de")
INSIDE = {"xquad-en": 0.85, "xquad-de": 0.80}
KEPT = 0.75
_REFUSED = 0.9
TITLE = "Collections"
HEADS = [
    "collection",
    "questions",
    "inside 1",
    "inside 2",
    "inside 3",
    "kept at 90 %",
    "answered",
    "refused",
    "verbatim",
]
_SENTENCES = 3


class Answered(NamedTuple):
    """How a collection fared, in shares of its questions.

    `inside` is for 1, 2 and 3 sentences. `kept` are those whose answer is surer than nine of ten that have none;
    `answered` and `refused` are with the product's own threshold.
    """

    collection: str
    questions: int
    inside: list[float]
    kept: float
    answered: float
    refused: float
    verbatim: float


def measure_collection(name: str, folder: Path) -> Answered:
    """Put each question to all items, and again to all but the one that answers it: then nothing does."""
    rows = read_lines(folder, name)
    items = [
        Material(row["doc"], row["title"], row["text"], "text/plain", row.get("language"))
        for row in rows
        if "doc" in row
    ]
    texts = {row["query"]: row["text"] for row in rows if "query" in row}
    golden = read_lines(folder, f"answers-{name}")
    scores: list[float] = []
    none: list[float] = []
    inside = [0] * _SENTENCES
    quotes = verbatim = 0
    with tempfile.TemporaryDirectory() as place:
        base = Base(items, Path(place))
        for row in golden:
            best = base.ask(texts[row["query"]])
            scores.append(best.score)
            none.append(base.ask(texts[row["query"]], without=row["doc"]).score)
            for most in range(_SENTENCES):
                inside[most] += any(gold in one for one in best.sentences[: most + 1] for gold in row["answers"])
            quotes += len(best.answer.citations)
            verbatim += sum(base.is_verbatim(each) for each in best.answer.citations)
    count = len(golden)
    threshold = sorted(none)[int(count * _REFUSED)]
    return Answered(
        name,
        count,
        [each / count for each in inside],
        sum(score > threshold for score in scores) / count,
        sum(score >= CONFIDENT for score in scores) / count,
        sum(score < CONFIDENT for score in none) / count,
        verbatim / quotes,
    )


def table_rows(found: Sequence[Answered]) -> list[list[str]]:
    """Lay out how the collections fared."""
    return [
        [
            each.collection,
            f"{each.questions:,}",
            *(f"{share:.3f}" for share in each.inside),
            *(f"{share:.3f}" for share in (each.kept, each.answered, each.refused, each.verbatim)),
        ]
        for each in found
    ]
