"""How many requests a key may make in one minute of the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.limits import RATE_COUNTER_KEPT_SECONDS
from knowledge.storage.clients import translated

from httpapi.errors import RateLimitedError
from httpapi.keys.model import Key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

WINDOW_MS = 60_000
# The published description names this figure, whatever is left of the window.
RETRY_AFTER_SECONDS = 60


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
    """Counts requests in the RateCounters table, one atomic addition each, so that it is exact under concurrency."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Callable[[], int]) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def count_request(self, key: Key) -> RateStatus:
        """Count one request of a key. Raises RateLimitedError."""
        now = self._clock()
        window = now // WINDOW_MS
        window_end = (window + 1) * WINDOW_MS
        with translated():
            answer = self._client.update_item(
                TableName=self._table,
                Key={"id": {"S": f"{key.key_id}#{window}"}},
                UpdateExpression="ADD hits :one SET expiresAt = :expiry",
                ExpressionAttributeValues={
                    ":one": {"N": "1"},
                    ":expiry": {"N": str(window_end // 1000 + RATE_COUNTER_KEPT_SECONDS)},
                },
                ReturnValues="UPDATED_NEW",
            )
        hits = int(answer["Attributes"]["hits"]["N"])
        limit = key.spec.rate_limit_per_minute
        status = RateStatus(limit, max(0, limit - hits), -(-(window_end - now) // 1000))
        if hits > limit:
            raise RateLimitedError(headers={"Retry-After": str(RETRY_AFTER_SECONDS), **status.headers()})
        return status
