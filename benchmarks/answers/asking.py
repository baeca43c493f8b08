"""Questions put to a base with the product's defaults: its search, its passages, its choice of sentences, its check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from knowledge.answering.checking import Checked, Citation, check_draft
from knowledge.answering.extractive import ExtractiveProvider
from knowledge.answering.passages import FoundItem, gather_passages, pieces_of
from knowledge.limits import ANSWER_ITEMS, ANSWER_SENTENCES
from search.answers.choosing import rank_sentences
from search.hits.serving import ServedIndex
from search.languages.questions import searched_text
from search.queries.model import SearchQuery
from search.segments.building import build_segments
from search.segments.merging import head_of
from search.segments.model import SegmentDocument, Settings
from search.text.extraction import extract

_SOURCE = "src_1"


class Material(NamedTuple):
    """An item of a base."""

    item_id: str
    title: str
    content: str
    content_type: str
    language: str | None


class Best(NamedTuple):
    """The best sentences, sure or not, and how well the first answers; and the answer that a client would get."""

    sentences: list[str]
    score: float
    answer: Checked

    def cited(self) -> list[str]:
        """Return the items that the answer cites; none when there is none."""
        return [each.passage.external_item_id for each in self.answer.citations]


class Base:
    """Items that are searched and answered from."""

    def __init__(self, materials: Sequence[Material], folder: Path) -> None:
        """Index items in an empty folder."""
        texts = {each.item_id: extract(each.title, each.content, each.content_type) for each in materials}
        self._items = {
            each.item_id: FoundItem(_SOURCE, each.item_id, each.title, None, each.language, texts[each.item_id], 0.0)
            for each in materials
        }
        documents = [SegmentDocument(each.item_id, "00" * 32, texts[each.item_id], each.language) for each in materials]
        built = build_segments(documents, (), Settings(_SOURCE))
        self._index = ServedIndex({_SOURCE: [head_of(each) for each in built]}, folder)

    def ask(self, question: str, without: str | None = None) -> Best:
        """Answer a question, as if one of the items were not there."""
        hits = self._index.search(SearchQuery(searched_text(question)), ANSWER_ITEMS + 1)
        found = [replace(self._items[hit.item_id], score=hit.score) for hit in hits if hit.item_id != without][
            :ANSWER_ITEMS
        ]
        passages = gather_passages(question, None, found)
        ranked = rank_sentences(question, pieces_of(question, None, passages))
        best = [passages[each.piece].text[each.start : each.end] for each in ranked[:ANSWER_SENTENCES]]
        draft = ExtractiveProvider().answer(question, None, passages)
        texts = {(each.source_id, each.external_item_id): each.text.text for each in found}
        answer = check_draft(draft, question, passages, texts)
        return Best(best, ranked[0].score if ranked else 0.0, answer)

    def is_verbatim(self, citation: Citation) -> bool:
        """Tell whether a quote stands in the text of its item, where it is said to."""
        text = self._items[citation.passage.external_item_id].text.text
        return text[citation.start : citation.end] == citation.quote
