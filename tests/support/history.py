"""What clients were told, with when they asked and when they were answered, held against what is served."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Any

from tests.support.invariants import Stored


class Wish(StrEnum):
    """What a client asked for."""

    PUSH = "push"
    REMOVE = "remove"
    RESTORE = "restore"


@dataclass
class Write:
    """One write of one item. `ended` stays infinite until it is acknowledged: it may take effect at any time."""

    external_item_id: str
    wish: Wish
    content: str | None
    started: float
    ended: float = inf

    @property
    def acknowledged(self) -> bool:
        """True when the client was told that it is done."""
        return self.ended < inf


@dataclass
class History:
    """Every write, and when the client asked for each run (the last moment before its first plan)."""

    writes: list[Write] = field(default_factory=list)
    runs: dict[str, float] = field(default_factory=dict)

    def of(self, external_item_id: str) -> list[Write]:
        """The writes of an item."""
        return [write for write in self.writes if write.external_item_id == external_item_id]

    def check(self, stored: Stored) -> None:
        """Every acknowledged write is in the generations of runs that started after it, and in the staging set."""
        names = {write.external_item_id for write in self.writes}
        for generation in stored.generations:
            asked = self.runs.get(generation.get("runId", ""))
            if asked is not None and generation["generationId"] in stored.served:
                served = stored.served[generation["generationId"]]
                for name in names:
                    entry = served.get(name)
                    self._check_served(name, None if entry is None else entry.content, asked)
        for name in names:
            self._check_row(name, stored.rows.get(name), stored)

    def _check_served(self, name: str, content: str | None, asked: float) -> None:
        """A push that was acknowledged before the run is served by it, or a later one is.

        Where a removal may have come after the push, the item may rightly be gone or in grace with an older content.
        """
        writes = self.of(name)
        pushes = [write for write in writes if write.wish is Wish.PUSH]
        origin = next((write for write in pushes if write.content == content), None)
        assert content is None or origin is not None, f"{name} is served with a content that nobody pushed"
        for push in pushes:
            if push.ended >= asked or _may_follow(writes, push, Wish.REMOVE):
                continue
            assert origin is not None, f"{push} was acknowledged and is not in the next run"
            assert origin.ended > push.started, f"{push} was acknowledged and an older content is in the next run"

    def _check_row(self, name: str, row: dict[str, Any] | None, stored: Stored) -> None:
        writes = self.of(name)
        if row is None:
            assert not any(write.acknowledged and write.wish is Wish.PUSH for write in writes), f"{name} is gone"
            return
        entry = stored.current.get(name)
        for write in writes:
            if not write.acknowledged:
                continue
            if write.wish is Wish.PUSH and not _may_follow(writes, write, Wish.REMOVE):
                assert row["state"] == "active", f"{write} was acknowledged and is not staged"
                assert entry is not None
                origin = next(push for push in writes if push.content == entry.content)
                assert origin.ended > write.started, f"{write} was acknowledged and an older content is staged"
            if write.wish is Wish.REMOVE and not _may_follow(writes, write, Wish.PUSH, Wish.RESTORE):
                assert row["state"] != "active", f"{write} was acknowledged and the item is staged"
            if write.wish is Wish.RESTORE and not _may_follow(writes, write, Wish.REMOVE):
                assert row["state"] == "active", f"{write} was acknowledged and is not staged"


def _may_follow(writes: list[Write], first: Write, *wishes: Wish) -> bool:
    return any(write.wish in wishes and write.ended > first.started for write in writes if write is not first)
