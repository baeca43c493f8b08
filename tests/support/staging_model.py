"""What a source should be, as plain dictionaries: staging set, snapshots, runs, generations.

Each operation answers what the product is to answer, or raises the name of the error it is to raise. Times are
milliseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import repeat

from knowledge.items.model import ItemDraft

from tests.support.staging_model_items import (
    Item,
    RefusedError,
    Served,
    Writing,
    change,
    desired,
    pushed,
    removed,
    restored,
    swept,
)

DAY = 86_400_000
RUN_LIFE = 7 * DAY
SNAPSHOT_LIFE = DAY
_EFFECTS = ("unchanged", "updated", "created")


@dataclass
class ModelRun:
    """A run: what it was planned on and what it changes. `drops` are removed items that nobody was ever served."""

    base: int
    settings: int
    incomplete: bool
    planned_at: int
    changes: dict[str, tuple[str, Served | None]]
    drops: set[str]
    writes: dict[str, int]
    counts: dict[str, int]
    version: int = 1
    published: int | None = None


@dataclass
class ModelSnapshot:
    """A snapshot: the names and the results of each of its parts, and what they did to each item since the opening."""

    snapshot_id: str
    expires_at: int
    state: str = "open"
    parts: dict[int, tuple[list[str], Counter[str]]] = field(default_factory=dict)
    removed: int = 0
    did: dict[str, str] = field(default_factory=dict)

    def state_at(self, now: int) -> str:
        """An open one expires."""
        return "expired" if self.state == "open" and self.expires_at <= now else self.state

    @property
    def counts(self) -> dict[str, int]:
        """The sums of the parts, and what the completion removed."""
        total: Counter[str] = Counter(removed=self.removed)
        for _, results in self.parts.values():
            total.update(results)
        return {name: total[name] for name in ("created", "updated", "unchanged", "removed", "stale")}


@dataclass
class Model:
    """One source. Generations are numbered from 1; 0 is none."""

    grace_days: int
    items: dict[str, Item] = field(default_factory=dict)
    generations: list[dict[str, Served]] = field(default_factory=lambda: [{}])
    settings: int = 1
    active: bool = True
    standing: ModelSnapshot | None = None
    writes: int = 0

    def item(self, name: str, now: int) -> Item | None:
        """An item that is not forgotten yet."""
        item = self.items.get(name)
        return None if item is None or item.gone(now) else item

    @property
    def generation(self) -> int:
        """The number of the generation that serves."""
        return len(self.generations) - 1

    @property
    def served(self) -> dict[str, Served]:
        """What it serves."""
        return self.generations[-1]

    def demand_active(self) -> None:
        """Every write on an archived source is refused."""
        if not self.active:
            raise RefusedError("SourceInactiveError")

    def _writing(self, now: int, *, by_part: bool = False) -> Writing:
        self.writes += 1
        return Writing(now, self.writes, None if by_part or self.standing is None else self.standing.snapshot_id)

    def _keep(self, name: str, outcome: tuple[Item | None, str]) -> str:
        if outcome[0] is not None:
            self.items[name] = outcome[0]
        return outcome[1]

    def push(self, drafts: Iterable[ItemDraft], now: int, *, by_part: bool = False) -> list[str]:
        """Push items, each on its own."""
        self.demand_active()
        return [
            self._keep(
                draft.external_item_id,
                pushed(self.item(draft.external_item_id, now), draft, self._writing(now, by_part=by_part)),
            )
            for draft in drafts
        ]

    def remove(self, removals: Iterable[tuple[str, int | None]], now: int) -> list[str]:
        """Remove items, each on its own."""
        self.demand_active()
        return [
            self._keep(name, removed(self.item(name, now), version, self._writing(now))) for name, version in removals
        ]

    def restore(self, name: str, now: int) -> None:
        """Bring one back."""
        self.demand_active()
        self._keep(name, restored(self.item(name, now), self._writing(now)))

    def open(self, snapshot_id: str, now: int, life: int = SNAPSHOT_LIFE) -> ModelSnapshot:
        """Open a snapshot, if none is open."""
        self.demand_active()
        if self.standing is not None:
            if self.standing.state_at(now) == "open":
                raise RefusedError("SnapshotOpenError")
            self.standing.state = "expired"
        self.standing = ModelSnapshot(snapshot_id, now + life)
        return self.standing

    def put_part(self, snapshot: ModelSnapshot, number: int, drafts: list[ItemDraft], now: int) -> Counter[str]:
        """Stage a part; it stands in place of an earlier one of its number."""
        self.demand_active()
        if snapshot.state_at(now) != "open":
            raise RefusedError("SnapshotClosedError")
        results = Counter(map(self._since_opening, repeat(snapshot), drafts, self.push(drafts, now, by_part=True)))
        snapshot.parts[number] = ([draft.external_item_id for draft in drafts], results)
        return results

    def _since_opening(self, snapshot: ModelSnapshot, draft: ItemDraft, result: str) -> str:
        """What the parts did to an item all in all, unless somebody else wrote it since the opening."""
        name = draft.external_item_id
        if result == "stale" or self.items[name].seen_open == snapshot.snapshot_id:
            return result
        snapshot.did[name] = max(snapshot.did.get(name, "unchanged"), result, key=_EFFECTS.index)
        return snapshot.did[name]

    def complete(self, snapshot: ModelSnapshot, now: int, *, allow_empty: bool, allow_gaps: bool = False) -> None:
        """Remove what no part names and nobody wrote since the opening."""
        self.demand_active()
        if snapshot.state == "completed":
            return
        named = {name for names, _ in snapshot.parts.values() for name in names}
        if snapshot.state == "open" and not named and not allow_empty:
            raise RefusedError("EmptySnapshotError")
        if snapshot.state == "open" and not allow_gaps and max(snapshot.parts, default=0) > len(snapshot.parts):
            raise RefusedError("SnapshotIncompleteError")
        if snapshot.state_at(now) != "open":
            raise RefusedError("SnapshotClosedError")
        for name, item in self.items.items():
            if name not in named and not item.gone(now):
                after = swept(item, snapshot.snapshot_id, self._writing(now))
                snapshot.removed += after is not item
                self._keep(name, (after, ""))
        self._end(snapshot, "completed")

    def abort(self, snapshot: ModelSnapshot) -> None:
        """End a snapshot without removing anything."""
        if snapshot.state == "open":
            self._end(snapshot, "aborted")
        elif snapshot.state == "completed":
            raise RefusedError("SnapshotClosedError")

    def _end(self, snapshot: ModelSnapshot, state: str) -> None:
        snapshot.state, self.standing = state, None

    def set_grace(self, days: int) -> None:
        """Change the grace; plans that were made with another one are stale."""
        self.demand_active()
        self.settings += days != self.grace_days
        self.grace_days = days

    def plan(self, now: int, version: int = 1) -> ModelRun:
        """Compare the staging set with what is served."""
        self.demand_active()
        grace, base = self.grace_days * DAY, self.served
        changes: dict[str, tuple[str, Served | None]] = {}
        drops = set()
        for name in self.items.keys() | base.keys():
            item = self.item(name, now)
            after = desired(item, base.get(name), now, grace)
            kind = change(base.get(name), after)
            if kind is not None:
                changes[name] = (kind, after)
            elif item is not None and item.state == "removed" and name not in base:
                drops.add(name)
        tally = Counter(kind for kind, _ in changes.values())
        counts = {kind: tally[kind] for kind in ("added", "updated", "removed", "restored", "tombstoned")}
        counts["unchanged"] = len(base) - len(changes) + tally["added"]
        counts["total"] = len(base) + tally["added"] - tally["tombstoned"]
        return ModelRun(
            base=self.generation,
            settings=self.settings,
            incomplete=self.standing is not None and self.standing.state_at(now) == "open",
            planned_at=now,
            changes=changes,
            drops=drops,
            writes={name: item.write for name, item in self.items.items()},
            counts=counts,
            version=version,
        )

    def apply(self, run: ModelRun, now: int) -> int:
        """Publish a run's changes on its own base, or plan it anew when that base or the settings are no more."""
        self.demand_active()
        if run.published is not None:
            return run.published
        if run.incomplete or run.planned_at + RUN_LIFE <= now:
            raise RefusedError("NotApplyEligibleError")
        if run.base != self.generation or run.settings != self.settings:
            stale = "StaleBaseError" if run.base != self.generation else "StalePlanError"
            run.__dict__.update(self.plan(now, run.version + 1).__dict__)
            raise RefusedError(stale)
        run.published = self.generation
        if run.changes or not self.generation:
            after = {**self.served, **{name: entry for name, (_, entry) in run.changes.items() if entry is not None}}
            for name in _dropped(run):
                after.pop(name, None)
            self.generations.append(after)
            run.published = self.generation
            self._bury(run, now)
        return run.published

    def _bury(self, run: ModelRun, now: int) -> None:
        """Mark what a publication dropped, unless it was written since the run was planned."""
        for name in _dropped(run) | run.drops:
            item = self.item(name, now)
            if item is not None and item.state == "removed" and item.write == run.writes[name]:
                self.items[name] = item._replace(state="tombstoned", tombstoned_at=now)


def _dropped(run: ModelRun) -> set[str]:
    return {name for name, (kind, _) in run.changes.items() if kind == "tombstoned"}
