"""How a guard is taken away: most are conditions in requests, so the request is rewritten on its way out."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from testing.faults import Call
from tests.faults.traps import Trap
from tests.support.faulty_world import FaultyWorld

Rewrite = Callable[[dict[str, Any]], bool]
Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass
class Mutation:
    """One guard less. `rewrite` changes a request in place and tells whether it met what it looks for."""

    name: str
    caught_by: Trap
    rewrite: Rewrite | None = None
    patch: Patch | None = None
    met: list[str] = field(default_factory=list)

    def make(self, world: FaultyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take the guard away from a world."""
        if self.patch is not None:
            self.patch(monkeypatch)
        if self.rewrite is not None:
            world.watch.rewrite = self._rewritten

    def _rewritten(self, call: Call) -> dict[str, Any]:
        request = copy.deepcopy(dict(call.request))
        assert self.rewrite is not None
        if self.rewrite(request):
            self.met.append(str(call))
        return request


def without(condition: str, *, where: str = "") -> Rewrite:
    """Let a condition hold always, in writes whose update expression mentions `where`."""

    def rewrite(request: dict[str, Any]) -> bool:
        met = False
        for write in writes_of(request):
            if condition in write.get("ConditionExpression", "") and where in write.get("UpdateExpression", ""):
                loosened = f"({condition} OR attribute_exists(pk) OR attribute_not_exists(pk))"
                write["ConditionExpression"] = write["ConditionExpression"].replace(condition, loosened)
                met = True
        return met

    return rewrite


def without_put(part_of_key: str) -> Rewrite:
    """Leave a row out of the transactions that put it."""

    def rewrite(request: dict[str, Any]) -> bool:
        actions = request.get("TransactItems", [])
        kept = [action for action in actions if part_of_key not in str(key_of(action.get("Put", {}).get("Item", {})))]
        if len(kept) == len(actions):
            return False
        request["TransactItems"] = kept
        return True

    return rewrite


def writes_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """A request itself, and the actions of a transaction."""
    return [request, *(write for action in request.get("TransactItems", []) for write in action.values())]


def key_of(item: dict[str, Any]) -> tuple[Any, Any]:
    """The key of a row that is put."""
    return item.get("pk"), item.get("sk")
