"""How many requests a key may make in one minute of the clock, and how many it made on a day.

A row of the RateCounters table is of one rotation line and one day (UTC): `minute` is the last minute in which a
request came, `hits` how many came in it, `requests` how many on the day. The first request of a minute begins it, all
others add to it; both are one conditional write, so no two processes begin the same minute.

The keys of a rotation line are counted together, so that a rotation brings no requests of its own. Each is held to its
own limit. A request counts as one, whatever its size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from knowledge.errors import ServiceUnavailableError
from knowledge.limits import USAGE_KEPT_SECONDS
from knowledge.storage.clients import is_refused, translated
from knowledge.times import MS_PER_DAY, day_of

from httpapi.errors import RateLimitedError
from httpapi.keys.model import Key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

WINDOW_MS = 60_000
# The published description names this figure, whatever is left of the window.
RETRY_AFTER_SECONDS = 60
# A minute is begun once, so who meets it begun adds to it, and is refused only where the minute after it was begun.
_TRIES = 4
_LINES_KNOWN = 1_000

_BEGIN = "SET #minute = :minute, hits = :one, expiresAt = :expiry ADD requests :one"
_NOT_BEGUN = "attribute_not_exists(#minute) OR #minute < :minute"
_ADD = "ADD hits :one, requests :one"
# A clock that is behind counts in the minute of the one that is ahead.
_BEGUN = "#minute >= :minute"


@dataclass(frozen=True, slots=True)
class RateStatus:
    """What is left of a key's present minute."""

    limit: int
    remaining: int
    reset_seconds: int

    def headers(self) -> dict[str, str]:
        """Return the headers that every authenticated answer carries."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


class RateLimiter:
    """Counts requests in the RateCounters table, one atomic write each, so that it is exact under concurrency."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Callable[[], int]) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        # The last minute of each line that is known to have begun, so that the first try is mostly the right one.
        self._begun: dict[str, int] = {}

    def count_request(self, key: Key) -> RateStatus:
        """Count one request of a key, with those of the keys that it replaced. Raises RateLimitedError."""
        now = self._clock()
        window = now // WINDOW_MS
        window_end = (window + 1) * WINDOW_MS
        hits = self._count(key.line_id, window, now)
        limit = key.spec.rate_limit_per_minute
        status = RateStatus(limit, max(0, limit - hits), -(-(window_end - now) // 1000))
        if hits > limit:
            raise RateLimitedError(headers={"Retry-After": str(RETRY_AFTER_SECONDS), **status.headers()})
        return status

    def _count(self, line_id: str, window: int, now: int) -> int:
        begun = self._begun.get(line_id, -1) >= window
        for _ in range(_TRIES):
            hits = self._add(line_id, window, now) if begun else self._begin(line_id, window, now)
            if hits is not None:
                self._know(line_id, window)
                return hits
            begun = not begun
        raise ServiceUnavailableError

    def _begin(self, line_id: str, window: int, now: int) -> int | None:
        expiry = now // MS_PER_DAY * (MS_PER_DAY // 1000) + USAGE_KEPT_SECONDS
        values = {":minute": window, ":one": 1, ":expiry": expiry}
        return None if self._write(line_id, now, _BEGIN, _NOT_BEGUN, values) is None else 1

    def _add(self, line_id: str, window: int, now: int) -> int | None:
        counted = self._write(line_id, now, _ADD, _BEGUN, {":minute": window, ":one": 1})
        return None if counted is None else int(counted["hits"]["N"])

    def _write(self, line_id: str, now: int, update: str, condition: str, values: dict[str, int]) -> Any:
        """Write to a line's row and return what changed of it; None when the condition does not hold."""
        try:
            with translated():
                answer: Any = self._client.update_item(
                    TableName=self._table,
                    Key={"id": {"S": counter_id(line_id, day_of(now))}},
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#minute": "minute"},
                    ExpressionAttributeValues={name: {"N": str(value)} for name, value in values.items()},
                    ReturnValues="UPDATED_NEW",
                )
        except ClientError as error:
            if is_refused(error):
                return None
            raise
        return answer["Attributes"]

    def _know(self, line_id: str, window: int) -> None:
        if len(self._begun) >= _LINES_KNOWN:
            self._begun.clear()
        self._begun[line_id] = window


def counter_id(line_id: str, day: str) -> str:
    """The id of the row that counts a line's requests of a day, such as `2026-11-28`."""
    return f"{line_id}#{day}"
