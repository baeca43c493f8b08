"""Questions as rows of the table Questions, and back. Pure.

    pk  <tenant>#<environment>#<shard>     sk  the ULID of the id

The shard is made of random bits of the id, so writes spread over partitions, and an id alone leads to its row. The sort
key begins with the time, so each shard is in the order of asking, and one sort key is a place in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.environments import Environment
from knowledge.ids import decode_ulid, encode_ulid
from knowledge.limits import QUESTION_KEPT_MS
from knowledge.questions.model import CitedItem, Feedback, KeptQuestion, Owner, QuestionKind, QuestionStatus

# A partition takes 1 000 write units a second, and a question is mostly one.
SHARDS = 8
_RANDOM_BITS = 80


def key_of(owner: Owner, question_id: str) -> tuple[str, str]:
    """The key of a question's row. Raises ValueError for what is no id."""
    ulid = question_id.partition("_")[2]
    return _partition(owner, decode_ulid(ulid) % SHARDS), ulid


def partitions_of(owner: Owner) -> list[str]:
    """Every partition that may hold questions of an owner."""
    return [_partition(owner, shard) for shard in range(SHARDS)]


def _partition(owner: Owner, shard: int) -> str:
    return f"{owner.tenant_id}#{owner.environment}#{shard}"


def asked_at(question_id: str) -> int:
    """When something was asked (ms), by its id. Raises ValueError for what is no id."""
    return decode_ulid(question_id.partition("_")[2]) >> _RANDOM_BITS


def first_key_at(at: int) -> str:
    """The sort key that no question of this time (ms) stands before."""
    return encode_ulid(at << _RANDOM_BITS)


def last_key_at(at: int) -> str:
    """The sort key that no question of this time (ms) stands behind."""
    return encode_ulid(((at + 1) << _RANDOM_BITS) - 1)


def key_before(key: str) -> str:
    """The sort key next to another, toward the past. Raises ValueError for what is no sort key."""
    return encode_ulid(decode_ulid(key) - 1)


def question_row(question: KeptQuestion) -> dict[str, Any]:
    """The row of a question."""
    pk, sk = key_of(question.owner, question.question_id)
    return {
        "pk": pk,
        "sk": sk,
        "questionId": question.question_id,
        "kind": question.kind,
        "text": question.text,
        "status": question.status,
        "hits": question.hits,
        "expiresAt": (question.asked_at + QUESTION_KEPT_MS) // 1000,
        "sources": question.source_ids,
        "cited": cited_value(question.cited),
    }


def cited_value(cited: Sequence[CitedItem]) -> list[list[str]] | None:
    """Cited items as they are stored; None for none."""
    return [list(each) for each in cited] or None


def feedback_value(feedback: Feedback) -> dict[str, Any]:
    """Feedback as it is stored."""
    return {"helpful": feedback.helpful, "comment": feedback.comment, "givenAt": feedback.given_at}


def question_from(row: Mapping[str, Any]) -> KeptQuestion:
    """Read a row."""
    tenant_id, environment, _ = row["pk"].rsplit("#", 2)
    feedback = row.get("feedback")
    return KeptQuestion(
        question_id=row["questionId"],
        owner=Owner(tenant_id, Environment(environment)),
        kind=QuestionKind(row["kind"]),
        text=row["text"],
        status=QuestionStatus(row["status"]),
        source_ids=row["sources"],
        asked_at=asked_at(row["questionId"]),
        hits=row.get("hits"),
        cited=tuple(CitedItem(*each) for each in row.get("cited", ())),
        feedback=None if feedback is None else Feedback(feedback["helpful"], feedback["comment"], feedback["givenAt"]),
    )
