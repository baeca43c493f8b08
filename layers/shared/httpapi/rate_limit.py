"""How many requests a key may make in one minute of the clock, and how many it made on a day.

A row of the RateCounters table is of one rotation line and one day (UTC): `minute` is the last minute in which a
request came, `hits` how many came in it, `requests` how many on the day. The first request of a minute begins it, all
others add to it; both are one conditional write, so no two processes begin the same minute.

The keys of a rotation line are counted together, so that a rotation brings no requests of its own. Each is held to its
own limit. A request counts as one, whatever its size.

A key for web pages is counted by clients as well, and first: what is too much of one of them takes nothing from the
others. Such a row is of one line, one minute and one group of addresses, so one write without a condition counts. A
client's group is 16 bits of a hash that is another one each minute: too little to tell whose address it was, enough
that two clients rarely share one, and a bound on the rows of a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from knowledge.errors import ServiceUnavailableError
from knowledge.limits import ADDRESS_COUNT_KEPT_SECONDS, USAGE_KEPT_SECONDS
from knowledge.storage.clients import is_refused, translated
from knowledge.times import MS_PER_DAY, day_of

from httpapi.client_groups import group_of
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
_OF_CLIENT = "ADD hits :one SET expiresAt = :expiry"


@dataclass(frozen=True, slots=True)
class RateStatus:
    """What is left of a key's present minute, or of a client's.

    `row` is the row of the line's day with the request in it, which was counted `at` that time, in ms.
    """

    limit: int
    remaining: int
    reset_seconds: int
    at: int = 0
    row: Mapping[str, Any] = field(default_factory=dict, repr=False)

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

    def count_request(self, key: Key, address: str | None = None) -> RateStatus:
        """Count one request of a key, with those of the keys that it replaced, and of the client at an address.

        Returns what is left to the client where clients are counted, else to the key. Raises RateLimitedError.
        """
        now = self._clock()
        of_client = self._count_client(key, address, now)
        row = self._count(key.line_id, now // WINDOW_MS, now)
        of_key = _status(key.spec.rate_limit_per_minute, row, now)
        return of_key if of_client is None else replace(of_client, row=row)

    def _count_client(self, key: Key, address: str | None, now: int) -> RateStatus | None:
        limit = key.spec.address_limit_per_minute
        if limit is None:
            return None
        window = now // WINDOW_MS
        row_id = f"{key.line_id}#{window}#{group_of(address, f'{key.line_id}#{window}')}"
        expiry = now // 1000 + ADDRESS_COUNT_KEPT_SECONDS
        return _status(limit, self._write(row_id, _OF_CLIENT, None, {":one": 1, ":expiry": expiry}), now)

    def _count(self, line_id: str, window: int, now: int) -> Any:
        begun = self._begun.get(line_id, -1) >= window
        row_id = counter_id(line_id, day_of(now))
        for _ in range(_TRIES):
            if begun:
                row = self._write(row_id, _ADD, _BEGUN, {":minute": window, ":one": 1})
            else:
                values = {":minute": window, ":one": 1, ":expiry": counter_expiry(now)}
                row = self._write(row_id, _BEGIN, _NOT_BEGUN, values)
            if row is not None:
                self._know(line_id, window)
                return row
            begun = not begun
        raise ServiceUnavailableError

    def _write(self, row_id: str, update: str, condition: str | None, values: dict[str, int]) -> Any:
        """Write to a row and return it as it is then; None when the condition does not hold."""
        request: dict[str, Any] = {"UpdateExpression": update}
        if condition is not None:
            request |= {"ConditionExpression": condition, "ExpressionAttributeNames": {"#minute": "minute"}}
        try:
            with translated():
                answer: Any = self._client.update_item(
                    TableName=self._table,
                    Key={"id": {"S": row_id}},
                    ExpressionAttributeValues={name: {"N": str(value)} for name, value in values.items()},
                    ReturnValues="ALL_NEW",
                    **request,
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


def _status(limit: int, row: Mapping[str, Any], now: int) -> RateStatus:
    hits = int(row["hits"]["N"])
    status = RateStatus(limit, max(0, limit - hits), -(-(WINDOW_MS - now % WINDOW_MS) // 1000), now, row)
    if hits > limit:
        raise RateLimitedError(headers={"Retry-After": str(RETRY_AFTER_SECONDS), **status.headers()})
    return status


def counter_expiry(now: int) -> int:
    """When the row of a day goes, in seconds."""
    return now // MS_PER_DAY * (MS_PER_DAY // 1000) + USAGE_KEPT_SECONDS


def counter_id(line_id: str, day: str) -> str:
    """The id of the row that counts a line's requests of a day, such as `2026-11-28`."""
    return f"{line_id}#{day}"
