"""Keeping what was asked: behind the answer, and never in its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from knowledge.errors import KnowledgeError
from knowledge.questions.model import CitedItem, KeptQuestion, Owner, QuestionKind, QuestionStatus
from telemetry.lines import Metric, write_line

if TYPE_CHECKING:
    from knowledge.questions.store import QuestionStore


@dataclass
class QuestionRecorder:
    """Keeps questions and searches; what can't be kept is counted, and answered all the same.

    The store that `make_store` makes must not wait for long. `kept_for` are the sources that were asked and keep
    questions: what is put to others, too, is kept for these alone, and what is put to none of these is not kept.
    """

    make_store: Callable[[], QuestionStore]

    def record_search(
        self, owner: Owner, search_id: str, text: str, kept_for: frozenset[str], *, at: int, hits: int
    ) -> bool:
        """Keep a search and how many results its first page had. Tells whether it is kept."""
        status = QuestionStatus.FOUND if hits else QuestionStatus.NO_RESULTS
        return self._record(KeptQuestion(search_id, owner, QuestionKind.SEARCH, text, status, kept_for, at, hits))

    def record_answer(
        self,
        owner: Owner,
        answer_id: str,
        text: str,
        kept_for: frozenset[str],
        *,
        at: int,
        answered: bool,
        cited: Sequence[CitedItem] = (),
    ) -> bool:
        """Keep a question under the id of its answer, which says when it was asked, and the items that this cites.

        Tells whether it is kept: then feedback can be given.
        """
        status = QuestionStatus.ANSWERED if answered else QuestionStatus.NOT_FOUND
        shown = tuple(dict.fromkeys(each for each in cited if each.source_id in kept_for))
        kind = QuestionKind.QUESTION
        return self._record(KeptQuestion(answer_id, owner, kind, text, status, kept_for, at, cited=shown))

    @cached_property
    def _store(self) -> QuestionStore:
        return self.make_store()

    def _record(self, question: KeptQuestion) -> bool:
        if not question.source_ids:
            return False
        try:
            self._store.put_question(question)
        except (KnowledgeError, ClientError, BotoCoreError) as error:
            ids = {"tenant_id": question.owner.tenant_id, "question_id": question.question_id}
            write_line("question_not_kept", Metric("QuestionsNotKept"), level="WARNING", exc_info=error, **ids)
            return False
        return True
