"""The table Audit as it is read: a tenant's changes, newest first, over a partition a month."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from knowledge.audit import AuditEntry, audit_entry_from, audit_partition, is_month, month_before, month_of
from knowledge.errors import InvalidPositionError
from knowledge.limits import AUDIT_KEPT_SECONDS
from knowledge.pages import Page
from knowledge.storage.attributes import from_row
from knowledge.storage.clients import query_rows

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# A page that a filter leaves nothing of ends here, with a cursor.
ROWS_LOOKED_AT = 1_000
_SORT_KEY = re.compile(r"[0-9]{15}#aud_[0-9A-Z]{26}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AuditStore:
    """Reads the audit of all tenants; rows are written beside what they tell of (`Catalog.recording`)."""

    dynamodb: DynamoDBClient
    table: str

    def list_entries(
        self,
        tenant_id: str,
        *,
        since: int | None,
        until: int | None,
        now: int,
        keep: Callable[[AuditEntry], bool],
        limit: int,
        position: Any,
    ) -> Page[AuditEntry]:
        """List a tenant's changes from `until` (ms) back to `since`, newest first, those that `keep` lets through.

        Any time may be asked for; what is looked at lies between `now` and as long before it as changes are kept.
        A page ends after looking at 1 000 rows, so one of a rare kind may be short, or empty and have a next one.
        A position is `[month, sort key]` of the last row that was looked at. Raises InvalidPositionError.
        """
        newest = now if until is None else min(until, now)
        oldest = max(0 if since is None else since, now - AUDIT_KEPT_SECONDS * 1000)
        if newest < oldest:
            # Before any month is named: a time may lie beyond the years that have a name.
            return Page([], None)
        month, behind = _checked(position) or (month_of(newest), None)
        last = month_of(oldest)
        found: list[AuditEntry] = []
        left = ROWS_LOOKED_AT
        while month >= last:
            rows = self._read(audit_partition(tenant_id, month), oldest, newest, behind, left)
            for row in rows:
                entry = audit_entry_from(row)
                if keep(entry):
                    if len(found) == limit:
                        return Page(found, [month, behind or ""])
                    found.append(entry)
                left -= 1
                behind = row["sk"]
            if left <= 0:
                return Page(found, [month, behind or ""])
            month, behind = month_before(month), None
        return Page(found, None)

    def _read(self, pk: str, oldest: int, newest: int, behind: str | None, most: int) -> list[dict[str, Any]]:
        # `~` sorts behind every row of the last millisecond. A page that goes on ends where it began, as DynamoDB takes
        # no starting key from outside of the bounds.
        first, last = f"{oldest:015d}", behind or f"{newest:015d}#~"
        if first > last:
            # Nor does it take bounds in the wrong order: the row that the page goes on from is not kept any longer.
            return []
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :oldest AND :newest",
            "ExpressionAttributeValues": {
                ":pk": {"S": pk},
                ":oldest": {"S": first},
                ":newest": {"S": last},
            },
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": most,
        }
        if behind is not None:
            query["ExclusiveStartKey"] = {"pk": {"S": pk}, "sk": {"S": behind}}
        return list(map(from_row, islice(query_rows(self.dynamodb, query), most)))


def _checked(position: Any) -> tuple[str, str | None] | None:
    match position:
        case None:
            return None
        case [str() as month, str() as behind] if is_month(month) and (not behind or _SORT_KEY.fullmatch(behind)):
            return month, behind or None
    raise InvalidPositionError
