"""What a key may do on one day (UTC): its requests, which the rate limit counts anyway, and its answers.

Both are counted in the line's row of the day, in the RateCounters table. A count is one atomic write, and an answer is
counted on condition that there is one left: so no more are given than the budget has, whoever asks at once. What is
counted and then fails stays counted.

A budget of which four fifths are used is told once a line and day, by an event whose id follows from line, day and
budget: it is put on condition that there is none, and its row outlives the day. Whoever finds so much used, and no mark
that it was told, puts it and sets the mark:

    count -> put the event -> set the mark

After a crash in between, the next request does what is left, one that is refused included. No request fails for any of
it. Not in one transaction, which would turn away whoever counts in the same row meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from knowledge.errors import ServiceUnavailableError
from knowledge.events import BUDGET_REACHED, Event, event_row
from knowledge.ids import derived_id
from knowledge.limits import BUDGET_TOLD_PERCENT
from knowledge.storage.catalog import Catalog
from knowledge.storage.clients import is_refused, translated
from knowledge.times import MS_PER_DAY, day_of

from httpapi.key_errors import AnswerBudgetError, RequestBudgetError
from httpapi.keys.model import Key
from httpapi.rate_limit import RateStatus, counter_expiry, counter_id

_SPEND = "ADD answers :one SET expiresAt = if_not_exists(expiresAt, :expiry)"
_LEFT = "attribute_not_exists(answers) OR answers < :limit"
REQUESTS, ANSWERS = "requests", "answers"
# The marks that a budget was told.
_TOLD = {REQUESTS: "requestsToldAt", ANSWERS: "answersToldAt"}


@dataclass(frozen=True, slots=True)
class Budgets:
    """Counts answers, and holds what is counted against the budgets of keys."""

    catalog: Catalog
    table: str
    clock: Callable[[], int]

    def spend_answer(self, key: Key) -> None:
        """Count one answer of a key, with those of the keys that it replaced. Raises AnswerBudgetError."""
        now, limit = self.clock(), key.spec.answers_per_day
        counted, row = self._count_answer(key, now)
        self._tell(key, ANSWERS, limit, row, now)
        if not counted:
            raise AnswerBudgetError(_seconds_left(now))

    def check_requests(self, key: Key, counted: RateStatus) -> None:
        """Hold a request that was counted against the budget of its key. Raises RequestBudgetError."""
        now, limit = counted.at, key.spec.requests_per_day
        self._tell(key, REQUESTS, limit, counted.row, now)
        if limit is not None and _used(counted.row, REQUESTS) > limit:
            raise RequestBudgetError(_seconds_left(now))

    def _count_answer(self, key: Key, now: int) -> tuple[bool, Mapping[str, Any]]:
        """Tell whether there was one left, and the row as it is."""
        limit = key.spec.answers_per_day
        values = {":one": 1, ":expiry": counter_expiry(now)}
        left: dict[str, Any] = {}
        if limit is not None:
            values[":limit"] = limit
            left = {"ConditionExpression": _LEFT, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        try:
            with translated():
                answer = self.catalog.dynamodb.update_item(
                    **self._row(key, now),
                    UpdateExpression=_SPEND,
                    ExpressionAttributeValues={name: {"N": str(value)} for name, value in values.items()},
                    ReturnValues="ALL_NEW",
                    **left,
                )
        except ClientError as error:
            if not is_refused(error):
                raise
            refused: Any = error.response
            return False, refused.get("Item", {})
        return True, answer["Attributes"]

    def _tell(self, key: Key, budget: str, limit: int | None, row: Mapping[str, Any], now: int) -> None:
        """Tell of a budget of which so much is used, unless it was told."""
        mark = _TOLD[budget]
        if limit is None or mark in row or _used(row, budget) * 100 < limit * BUDGET_TOLD_PERCENT:
            return
        data = {"keyId": key.key_id, "budget": budget, "perDay": limit, "day": day_of(now)}
        event_id = derived_id("evt", key.line_id, f"budget.reached {budget}", now // MS_PER_DAY)
        event = Event(event_id, BUDGET_REACHED, key.tenant_id, None, now, data, key.spec.environment)
        with suppress(ServiceUnavailableError):
            self.catalog.put_new(event_row(event))
            self._mark(key, mark, now)

    def _mark(self, key: Key, mark: str, now: int) -> None:
        with translated():
            self.catalog.dynamodb.update_item(
                **self._row(key, now),
                UpdateExpression="SET #told = :now",
                ExpressionAttributeNames={"#told": mark},
                ExpressionAttributeValues={":now": {"N": str(now)}},
            )

    def _row(self, key: Key, now: int) -> Any:
        return {"TableName": self.table, "Key": {"id": {"S": counter_id(key.line_id, day_of(now))}}}


def _used(row: Mapping[str, Any], budget: str) -> int:
    return int(row[budget]["N"]) if budget in row else 0


def _seconds_left(now: int) -> int:
    """Until the next day, rounded up."""
    return -(-(MS_PER_DAY - now % MS_PER_DAY) // 1000)
