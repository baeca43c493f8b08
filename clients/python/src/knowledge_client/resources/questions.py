"""What visitors asked, where a source keeps it."""

from __future__ import annotations

from typing import Unpack, cast

from knowledge_client import models
from knowledge_client.listing import Listing
from knowledge_client.resources.resource import Resource, path_to


class Questions(Resource):
    """`client.questions`."""

    def list(self, **query: Unpack[models.ListQuestionsQuery]) -> Listing[models.Question]:
        """List what was asked and searched for, the newest first."""
        return Listing(self._api, "/v1/questions", "questions", query)

    def unanswered(self, **query: Unpack[models.ListUnansweredQuestionsQuery]) -> Listing[models.UnansweredGroup]:
        """List what had no answer, in groups; `answers()` of the listing has what was looked at."""
        return Listing(self._api, "/v1/questions/unanswered", "unanswered", query)

    def delete(self, question_id: str, *, idempotency_key: str | None = None) -> models.DeletedQuestionResponse:
        """Delete a question."""
        answer = self._api.write("DELETE", path_to("questions", question_id), idempotency_key=idempotency_key)
        return cast(models.DeletedQuestionResponse, answer)
