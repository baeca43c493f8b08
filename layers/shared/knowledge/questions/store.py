"""The table Questions: a row is written when something was asked; feedback is added, and sources are taken out."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from knowledge.audit import AuditEntry
from knowledge.ports import HasTime
from knowledge.questions.model import Feedback, KeptQuestion, Owner
from knowledge.questions.rows import (
    cited_value,
    feedback_value,
    key_of,
    partitions_of,
    question_from,
    question_row,
)
from knowledge.storage.attributes import from_row, to_row
from knowledge.storage.catalog import RefusedWriteError
from knowledge.storage.clients import Fanout, query_rows, translated
from knowledge.storage.partitions import delete_keys
from knowledge.storage.transactions import RefusedTransactionError

if TYPE_CHECKING:
    from knowledge.storage.catalog import Catalog

_IS_THERE = "attribute_exists(pk)"
# A source is only ever taken out: what was read of the others holds as long as the set is the same.
_SAME_SOURCES = "sources = :was"
_KEYS_PER_DELETE = 25


class QuestionGoneError(Exception):
    """Raised when a question is not there any more."""


@dataclass(frozen=True, slots=True)
class QuestionStore:
    """Questions of all tenants. `table` speaks of the table Questions in the words of the Catalog."""

    table: Catalog
    fanout: Fanout

    def put_question(self, question: KeptQuestion) -> None:
        """Keep a question: one write, which may be repeated."""
        self.table.put(question_row(question))

    def find_question(self, owner: Owner, question_id: str) -> KeptQuestion | None:
        """Read a question, consistently. It may have expired: DynamoDB deletes such rows when it has time."""
        row = self.table.find(*key_of(owner, question_id))
        # Ids of two kinds can have the same digits.
        return None if row is None or row["questionId"] != question_id else question_from(row)

    def put_feedback(self, question: KeptQuestion, feedback: Feedback) -> KeptQuestion:
        """Add feedback in place of what was given before. Raises QuestionGoneError."""
        pk, sk = key_of(question.owner, question.question_id)
        values = {":feedback": feedback_value(feedback)}
        try:
            # Without the condition a question that was just deleted would come back as nothing but the comment.
            return question_from(self.table.update(pk, sk, "SET feedback = :feedback", _IS_THERE, values))
        except RefusedWriteError as error:
            raise QuestionGoneError from error

    def delete_question(self, question: KeptQuestion, recorded: AuditEntry | None) -> None:
        """Delete a question, and write down who did. Raises QuestionGoneError."""
        pk, sk = key_of(question.owner, question.question_id)
        try:
            self.table.transact([self.table.deleting(pk, sk, _IS_THERE), *self.table.recording(recorded)])
        except RefusedTransactionError as error:
            raise QuestionGoneError from error

    def walk(self, owner: Owner, oldest: str, newest: str, most: int) -> Iterator[KeptQuestion]:
        """Walk over questions from one sort key back to another, both included, newest first.

        Reading is laid out for `most` of them: one call a shard then, side by side, and more only for a shard that has
        more than its part.
        """
        query: dict[str, Any] = {
            "TableName": self.table.table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :oldest AND :newest",
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }
        partitions = partitions_of(owner)
        query["Limit"] = most // len(partitions) + 1

        def begin(pk: str) -> Iterator[dict[str, Any]]:
            values = to_row({":pk": pk, ":oldest": oldest, ":newest": newest})
            rows = query_rows(self.table.dynamodb, {**query, "ExpressionAttributeValues": values})
            first = next(rows, None)
            return iter(()) if first is None else chain((first,), rows)

        shards = self.fanout.map(begin, partitions)
        merged = heapq.merge(*shards, key=lambda row: str(row["sk"]["S"]), reverse=True)
        return (question_from(from_row(row)) for row in merged)

    def remove_source(self, owner: Owner, source_id: str, has_time: HasTime) -> tuple[int, bool]:
        """Take a source out of every question that was put to it; one that is left with none is deleted.

        Tells how many questions were found, and whether there was time for all. What is done is not found again.
        """
        work = partial(self._remove_from, source_id=source_id, has_time=has_time)
        done = self.fanout.map(work, partitions_of(owner))
        return sum(found for found, _ in done), all(is_done for _, is_done in done)

    def _remove_from(self, pk: str, *, source_id: str, has_time: HasTime) -> tuple[int, bool]:
        found, start = 0, dict[str, Any]()
        while True:
            with translated():
                page: Any = self.table.dynamodb.query(
                    TableName=self.table.table,
                    KeyConditionExpression="pk = :pk",
                    FilterExpression="contains(sources, :source)",
                    ExpressionAttributeValues=to_row({":pk": pk, ":source": source_id}),
                    ConsistentRead=True,
                    **start,
                )
            questions = [question_from(from_row(row)) for row in page["Items"]]
            self._take_out(questions, source_id)
            found += len(questions)
            if "LastEvaluatedKey" not in page:
                return found, True
            # Looked at behind a page, so that whoever has little time comes through in the end.
            if not has_time():
                return found, False
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _take_out(self, questions: Sequence[KeptQuestion], source_id: str) -> None:
        # No source comes to a question, so one that was put to this alone still was.
        alone = [each for each in questions if each.source_ids == {source_id}]
        for start in range(0, len(alone), _KEYS_PER_DELETE):
            keys = [key_of(each.owner, each.question_id) for each in alone[start : start + _KEYS_PER_DELETE]]
            delete_keys(self.table.dynamodb, self.table.table, [to_row({"pk": pk, "sk": sk}) for pk, sk in keys])
        for question in questions:
            if question.source_ids != {source_id}:
                self._keep_rest(question, question.without(source_id))

    def _keep_rest(self, question: KeptQuestion, rest: KeptQuestion) -> None:
        pk, sk = key_of(question.owner, question.question_id)
        cited = cited_value(rest.cited)
        values: dict[str, Any] = {":was": question.source_ids, ":rest": rest.source_ids}
        change = "SET sources = :rest REMOVE cited"
        if cited is not None:
            change, values = "SET sources = :rest, cited = :cited", {**values, ":cited": cited}
        try:
            self.table.update(pk, sk, change, _SAME_SOURCES, values)
        except RefusedWriteError:
            # It is deleted, or another source was taken out of it meanwhile: it is found again by the next look.
            return
