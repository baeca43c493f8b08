"""Forty questions about examples/content/, in people's words: how many are answered from the right item, or refused."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from knowledge_client.folder import FolderReader, Item

from benchmarks.answers.asking import Base, Material
from benchmarks.findings import Table

ROOT = Path(__file__).parents[2]
CONTENT = ROOT / "examples" / "content"
_LANGUAGE = "en"
TITLE = "Help centre"
HEADS = ["questions", "asked", "right"]


class Asked(NamedTuple):
    """A question, the items that answer it (none for one that nothing answers), and what was cited."""

    question: str
    items: list[str]
    cited: list[str]

    @property
    def is_right(self) -> bool:
        """Whether one of the right items was cited, or rightly none."""
        return bool(set(self.items) & set(self.cited)) if self.items else not self.cited


def questions() -> list[tuple[str, list[str]]]:
    """Return the questions, each with the items that answer it."""
    lines = Path(__file__).with_suffix(".jsonl").read_text("utf-8").splitlines()
    return [(row["question"], row["items"]) for row in map(json.loads, lines)]


def documents() -> list[Item]:
    """Read the help centre as `kb` publishes it."""
    reader = FolderReader.of(CONTENT)
    return list(reader.items(reader.read().documents))


def ask_all() -> list[Asked]:
    """Put every question to the help centre."""
    materials = [
        Material(each["externalItemId"], each["title"], each["content"], each["contentType"], _LANGUAGE)
        for each in documents()
    ]
    with tempfile.TemporaryDirectory() as place:
        base = Base(materials, Path(place))
        return [Asked(question, items, base.ask(question).cited()) for question, items in questions()]


def table(asked: Sequence[Asked]) -> Table:
    """Lay out how they fared."""
    kinds = {
        "with an answer": [each for each in asked if each.items],
        "without": [each for each in asked if not each.items],
    }
    rows = [[kind, str(len(some)), str(sum(each.is_right for each in some))] for kind, some in kinds.items()]
    return Table(HEADS, rows, TITLE)
