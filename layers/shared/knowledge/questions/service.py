"""What can be done with questions that are kept: reading them, grouping what found nothing, feedback, deletion.

What would break it, and what stands against it:

- A question expires, and DynamoDB deletes its row days later: every reading counts from now.
- Feedback comes for a question that is being deleted: it is written on condition that the row is there.
- A source is deleted while a search of it is under way: its deletion looks again when no request can be left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from knowledge.actors import Actor
from knowledge.audit import AuditKind, entry_of
from knowledge.errors import AnswerNotFoundError, InvalidPositionError, QuestionNotFoundError
from knowledge.ids import is_id
from knowledge.limits import QUESTION_KEPT_MS, QUESTIONS_GROUPED
from knowledge.pages import Page
from knowledge.ports import Clock
from knowledge.questions.grouping import QuestionGroup, group_questions
from knowledge.questions.model import (
    ANSWER_PREFIX,
    SEARCH_PREFIX,
    UNANSWERED,
    Feedback,
    KeptQuestion,
    Owner,
    QuestionFilter,
)
from knowledge.questions.rows import first_key_at, key_before, key_of, last_key_at
from knowledge.questions.store import QuestionGoneError, QuestionStore

# A page that a filter leaves little of ends here, with a cursor.
QUESTIONS_LOOKED_AT = 1_000
# Behind every key of this millennium and the next.
_LAST_KEY = "7" + "Z" * 25


class Unanswered(NamedTuple):
    """What found nothing: groups of a stretch of time, the most frequent first, and how far that reaches.

    `since` is when the oldest question was asked that was looked at (ms), `groups_total` how many groups there are, and
    `complete` tells that nothing was asked before.
    """

    groups: list[QuestionGroup]
    groups_total: int
    since: int
    complete: bool
    next_position: Any


@dataclass(frozen=True, slots=True)
class QuestionService:
    """Questions that are kept."""

    store: QuestionStore
    clock: Clock

    def list_questions(self, owner: Owner, wanted: QuestionFilter, *, limit: int, position: Any) -> Page[KeptQuestion]:
        """List questions, newest first. A page ends after looking at 1 000, so it may be short, or empty.

        A position is the sort key of the last one that was looked at. Raises InvalidPositionError.
        """
        newest = _LAST_KEY if position is None else _key_before(position)
        found: list[KeptQuestion] = []
        last = None
        for looked, question in enumerate(self._walk(owner, wanted, newest, QUESTIONS_LOOKED_AT)):
            keeps = wanted.keeps(question)
            if looked == QUESTIONS_LOOKED_AT or (keeps and len(found) == limit):
                return Page(found, last)
            if keeps:
                found.append(question)
            last = _key(question)
        return Page(found, None)

    def group_unanswered(self, owner: Owner, wanted: QuestionFilter, *, limit: int, position: Any) -> Unanswered:
        """Group what found nothing among the newest 10 000 questions; behind their groups come those of others before.

        A position is `[sort key, offset]`: of the newest question that is grouped, and of a group.
        Raises InvalidPositionError.
        """
        newest, offset = _stretch(position)
        walk = self._walk(owner, wanted, newest, QUESTIONS_GROUPED)
        looked = list(islice(walk, QUESTIONS_GROUPED))
        more = next(walk, None) is not None
        groups = group_questions(each for each in looked if each.status in UNANSWERED and wanted.keeps(each))
        since = looked[-1].asked_at if more else self._oldest(wanted)
        end = offset + limit
        following = [key_before(_key(looked[-1])), 0] if more else None
        if end < len(groups):
            following = [_key(looked[0]), end]
        return Unanswered(groups[offset:end], len(groups), since, not more, following)

    def give_feedback(
        self, owner: Owner, answer_id: str, *, allowed: frozenset[str] | None, helpful: bool, comment: str | None
    ) -> KeptQuestion:
        """Note what the asker thinks of an answer; the last word counts. Raises AnswerNotFoundError.

        Only answers that were kept can be found, by a key that reaches the sources they are kept for.
        """
        found = self._find(owner, answer_id, (ANSWER_PREFIX,), allowed)
        if found is None:
            raise AnswerNotFoundError
        try:
            return self.store.put_feedback(found, Feedback(helpful, comment, self.clock()))
        except QuestionGoneError as error:
            raise AnswerNotFoundError from error

    def delete_question(
        self, owner: Owner, question_id: str, *, allowed: frozenset[str] | None, by: Actor | None
    ) -> KeptQuestion:
        """Delete a question with its feedback; the audit says who did, and not what it was.

        Raises QuestionNotFoundError.
        """
        found = self._find(owner, question_id, (ANSWER_PREFIX, SEARCH_PREFIX), allowed)
        if found is None:
            raise QuestionNotFoundError
        subject = {"questionId": question_id}
        recorded = entry_of(by, AuditKind.QUESTION_DELETED, owner.tenant_id, self.clock(), subject)
        try:
            self.store.delete_question(found, recorded)
        except QuestionGoneError as error:
            raise QuestionNotFoundError from error
        return found

    def _find(
        self, owner: Owner, question_id: str, prefixes: Sequence[str], allowed: frozenset[str] | None
    ) -> KeptQuestion | None:
        if not any(is_id(each, question_id) for each in prefixes):
            return None
        found = self.store.find_question(owner, question_id)
        if found is None or not found.within(allowed) or found.asked_at < self.clock() - QUESTION_KEPT_MS:
            return None
        return found

    def _walk(self, owner: Owner, wanted: QuestionFilter, newest: str, most: int) -> Iterator[KeptQuestion]:
        oldest = self._oldest(wanted)
        if wanted.until is not None and wanted.until < oldest:
            return iter(())
        if wanted.until is not None:
            newest = min(newest, last_key_at(wanted.until))
        first = first_key_at(oldest)
        # DynamoDB takes no bounds in the wrong order: what the page goes on from may have expired since.
        return iter(()) if newest < first else self.store.walk(owner, first, newest, most)

    def _oldest(self, wanted: QuestionFilter) -> int:
        kept = self.clock() - QUESTION_KEPT_MS
        return kept if wanted.since is None else max(kept, wanted.since)


def _key(question: KeptQuestion) -> str:
    return key_of(question.owner, question.question_id)[1]


def _key_before(position: Any) -> str:
    try:
        return key_before(position)
    except (TypeError, ValueError) as error:
        raise InvalidPositionError from error


def _stretch(position: Any) -> tuple[str, int]:
    match position:
        case None:
            return _LAST_KEY, 0
        case [str() as newest, int() as offset] if is_id(SEARCH_PREFIX, f"{SEARCH_PREFIX}_{newest}") and offset >= 0:
            return newest, offset
    raise InvalidPositionError
