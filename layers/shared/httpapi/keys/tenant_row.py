"""The row of a tenant in the Keys table: what its keys add up to.

It counts the lasting admin keys and sums the shares that keys take of the tenant's limit (`httpapi.keys.shares`), and
changes in the same transaction as a key, so that no two requests can break either rule at once. It has no `tenantId`,
which keeps it out of the index. The share of a key that ended stays in the sum until it is wanted (`_free` of the
service).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from httpapi.keys.model import Key
from httpapi.keys.rows import EXISTS


def tenant_key(tenant_id: str) -> dict[str, Any]:
    """Return the primary key of a tenant's row."""
    return {"keyId": {"S": f"tenant#{tenant_id}"}}


def new_tenant_row(tenant_id: str, name: str, now: int) -> dict[str, Any]:
    """Write the row of a tenant that has no keys yet."""
    return {
        **tenant_key(tenant_id),
        "name": {"S": name},
        "createdAt": {"N": str(now)},
        "adminKeys": {"N": "0"},
        "rateLimitSum": {"N": "0"},
    }


@dataclass(frozen=True, slots=True)
class FiguresDelta:
    """By how much a transaction moves a tenant's figures; `limit` is requests a minute."""

    admins: int = 0
    limit: int = 0

    @classmethod
    def between(cls, before: Key | None, after: Key | None) -> FiguresDelta:
        """Compare what a key comes to before and after a change; None stands for one that is not there."""
        was, will_be = (cls() if key is None else cls(int(key.lasting_admin), key.share) for key in (before, after))
        return cls(will_be.admins - was.admins, will_be.limit - was.limit)

    def __add__(self, other: FiguresDelta) -> FiguresDelta:
        return FiguresDelta(self.admins + other.admins, self.limit + other.limit)

    def action(self, table: str, tenant_id: str, *, bound: int | None, brings_key: bool = False) -> Any:
        """Write the change as an action of a transaction, on condition that it keeps both rules.

        `bound` is what the sum may come to, a minute; None: any. What leaves the sum as it is, or lowers it, is never
        refused for it. What `brings_key` is refused while the tenant is suspended: its keys are marked one by one, and
        none may come in behind.
        """
        conditions = [EXISTS]
        if brings_key:
            conditions.append("attribute_not_exists(suspendedAt)")
        values = {":admins": self.admins, ":limit": self.limit}
        if self.admins < 0:
            conditions.append("adminKeys > :leaving")
            values[":leaving"] = -self.admins
        if self.limit > 0 and bound is not None:
            conditions.append("rateLimitSum <= :room")
            values[":room"] = bound - self.limit
        return {
            "TableName": table,
            "Key": tenant_key(tenant_id),
            "UpdateExpression": "ADD adminKeys :admins, rateLimitSum :limit",
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeValues": {name: {"N": str(value)} for name, value in values.items()},
        }
