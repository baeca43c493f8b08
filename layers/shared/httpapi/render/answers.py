"""Answers to questions."""

from __future__ import annotations

from typing import Any

from knowledge.answering.checking import Citation
from knowledge.answering.service import QuestionAnswer


def render_answer(answer_id: str, answer: QuestionAnswer, *, takes_feedback: bool) -> dict[str, Any]:
    """Write an answer."""
    return {
        "id": answer_id,
        "status": "not_found" if answer.text is None else "answered",
        "provider": answer.provider,
        "answer": answer.text,
        "citations": [_citation(each) for each in answer.citations],
        "generations": answer.generations,
        "feedback": takes_feedback,
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "n": citation.number,
        "sourceId": citation.passage.source_id,
        "externalItemId": citation.passage.external_item_id,
        "title": citation.passage.title,
        "url": citation.passage.url,
        "quote": citation.quote,
        "start": citation.start,
        "end": citation.end,
    }
