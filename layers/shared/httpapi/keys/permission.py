"""Whether the key that asked for long work may still do it: asked where the lifecycle works, far from any request.

revoked, disabled, suspended, gone                  an end
expired                                             an end, but for one that was rotated while it was alive: what
                                                    replaced it is looked at in its place
rotated with an overlap of 0                        an end: that is for secrets that leaked
alive, but without the scopes, or limited to others an end
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Self

from knowledge.actors import Actor
from knowledge.storage.clients import Clients, translated
from knowledge.times import system_clock

from httpapi.keys.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

# All that is read of a key; the functions' roles let them read no more.
ATTRIBUTES = (
    "keyId",
    "tenantId",
    "scopes",
    "sourceIds",
    "createdAt",
    "expiresAt",
    "revokedAt",
    "disabledAt",
    "suspendedAt",
    "rotatedTo",
)
# A line of more successors than this within one such work is no line of keys that are cared for.
_MOST_ROTATIONS = 50


class KeyPermission:
    """Looks at keys in their table."""

    def __init__(self, clients: Clients, table: str, clock: Callable[[], int] = system_clock) -> None:
        self._clients = clients
        self._table = table
        self._clock = clock

    @classmethod
    def from_environment(cls, clients: Clients) -> Self:
        """Look in the table that a function's environment names."""
        return cls(clients, os.environ["KEYS_TABLE"])

    def _find_end(self, tenant_id: str, source_id: str, by: Actor, scopes: frozenset[Scope]) -> str | None:
        """Say in a sentence why a key may not do with a source what takes some scopes any more; None while it may."""
        now = self._clock()
        key_id = by.author.key_id
        for _ in range(_MOST_ROTATIONS):
            row = self._find(key_id)
            if row is None or row["tenantId"]["S"] != tenant_id:
                return f"The key {key_id} does not exist any more."
            for attribute, word in (("revokedAt", "revoked"), ("disabledAt", "disabled"), ("suspendedAt", "suspended")):
                if attribute in row:
                    return f"The key {key_id} is {word}."
            expires_at = _time(row, "expiresAt")
            if expires_at is None or expires_at > now:
                return _lacking(row, source_id, scopes)
            if "rotatedTo" not in row:
                return f"The key {key_id} has expired."
            successor = self._find(row["rotatedTo"]["S"])
            if successor is not None and (_time(successor, "createdAt") or 0) >= expires_at:
                return f"The key {key_id} was rotated without an overlap."
            key_id = row["rotatedTo"]["S"]
        return f"The key {by.author.key_id} was rotated too often since."

    def _find(self, key_id: str) -> dict[str, Any] | None:
        with translated():
            answer = self._clients.dynamodb.get_item(
                TableName=self._table,
                Key={"keyId": {"S": key_id}},
                ConsistentRead=True,
                ProjectionExpression=", ".join(f"#{name}" for name in ATTRIBUTES),
                ExpressionAttributeNames={f"#{name}": name for name in ATTRIBUTES},
            )
        return answer.get("Item")


def _lacking(row: dict[str, Any], source_id: str, scopes: frozenset[Scope]) -> str | None:
    """What a living key lacks of some scopes for a source; None when it lacks nothing."""
    key_id = row["keyId"]["S"]
    missing = sorted(scopes - {scope["S"] for scope in row["scopes"]["L"]})
    if missing:
        return f"The key {key_id} has lost the scope {missing[0]}."
    sources = row.get("sourceIds")
    if sources is not None and source_id not in {each["S"] for each in sources["L"]}:
        return f"The key {key_id} does not reach the source any more."
    return None


def _time(row: dict[str, Any], name: str) -> int | None:
    return int(row[name]["N"]) if name in row else None
