"""How many requests each key of a tenant made on each day, and how many answers it got, from what is counted anyway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from knowledge.errors import ServiceUnavailableError
from knowledge.pages import Page
from knowledge.storage.clients import backoff, translated

from httpapi.keys.model import Key
from httpapi.keys.store import KeyStore
from httpapi.rate_limit import counter_id

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# What one page reads of counters at most; a page of many days has fewer keys.
COUNTERS_READ = 3_000
_KEYS_PER_READ = 100
_TRIES = 8


@dataclass(frozen=True, slots=True)
class DayUsage:
    """The requests of a day (`2026-11-28`), and the answers of it."""

    day: str
    requests: int
    answers: int


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """What a rotation line asked on some days, told of its last key; days without any are left out."""

    key: Key
    days: list[DayUsage]


@dataclass(frozen=True, slots=True)
class UsageReader:
    """Reads the counters of a tenant's keys."""

    client: DynamoDBClient
    table: str
    keys: KeyStore

    def list_usage(self, tenant_id: str, days: list[str], *, limit: int, position: Any) -> Page[KeyUsage]:
        """List the usage of a tenant's keys on some days, oldest key first. Raises InvalidPositionError."""
        page = self.keys.list_keys(tenant_id, limit=min(limit, max(1, COUNTERS_READ // len(days))), position=position)
        lines = [key for key in page.items if key.rotated_to is None]
        counted = self._read([counter_id(key.line_id, day) for key in lines for day in days])
        used = []
        for key in lines:
            found = [DayUsage(day, *counted.get(counter_id(key.line_id, day), (0, 0))) for day in days]
            used.append(KeyUsage(key, [each for each in found if each.requests or each.answers]))
        return Page(used, page.next_position)

    def _read(self, ids: list[str]) -> dict[str, tuple[int, int]]:
        counted: dict[str, tuple[int, int]] = {}
        for start in range(0, len(ids), _KEYS_PER_READ):
            wanted: list[Any] = [{"id": {"S": each}} for each in ids[start : start + _KEYS_PER_READ]]
            for attempt in range(_TRIES):
                with translated():
                    answer: Any = self.client.batch_get_item(RequestItems={self.table: {"Keys": wanted}})
                rows = answer["Responses"].get(self.table, [])
                counted |= {row["id"]["S"]: (_number(row, "requests"), _number(row, "answers")) for row in rows}
                wanted = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", [])
                if not wanted:
                    break
                backoff(attempt)
            else:
                raise ServiceUnavailableError
        return counted


def _number(row: Any, name: str) -> int:
    return int(row[name]["N"]) if name in row else 0
