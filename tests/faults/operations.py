"""The operations that are crashed at every AWS call they make."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from knowledge.ports import Action
from knowledge.runs.model import RunMode
from knowledge.sources.model import RemovalGuard
from knowledge.staging.model import SnapshotState

from testing.lifecycle import draft
from tests.faults.traps_upkeep import compact, short_memory
from tests.support.erasing import carry_out, erase, places_with
from tests.support.faulty_world import FaultyWorld

SECRET = "a secret that nobody may find"
LARGE = random.Random(5).randbytes(12_000).hex()
State = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One request of a client: what there is before it, the request, and what is to be served in the end.

    `prepare` returns what the request needs to know; the request is sent again as it is after a fault. `served` leaves
    the canary out. `small` makes parts of 3 changes, transactions of 2 rows and leaves of 2 entries.
    """

    name: str
    prepare: Callable[[FaultyWorld], State]
    request: Callable[[FaultyWorld, State], object]
    served: dict[str, str] = field(default_factory=dict)
    small: bool = False


def _nothing(_: FaultyWorld) -> State:
    return {}


def _published(world: FaultyWorld) -> State:
    world.push(a="one", b="two", c="three")
    world.publish()
    return {}


def _removed(world: FaultyWorld) -> State:
    _published(world)
    world.push("a", "b")
    world.publish()
    return {}


def _due(world: FaultyWorld) -> State:
    _removed(world)
    world.clock.advance(days=8)
    return {}


def _tombstoned(world: FaultyWorld) -> State:
    _due(world)
    world.publish()
    return {}


def _then(before: Callable[[FaultyWorld], State], **contents: str) -> Callable[[FaultyWorld], State]:
    """Stage after something, and know the id of a run that is still to be made."""

    def prepare(world: FaultyWorld) -> State:
        before(world)
        world.push(**contents)
        return {"run_id": world.ids("run")}

    return prepare


def _planned(before: Callable[[FaultyWorld], State], mode: str = "incremental") -> Callable[[FaultyWorld], State]:
    def prepare(world: FaultyWorld) -> State:
        return {**before(world), "run_id": world.run(mode).run_id}

    return prepare


def _many(world: FaultyWorld) -> State:
    world.push_many({f"item-{number}": "text" for number in range(8)})
    world.publish()
    world.push_many({f"item-{number}": "new" for number in range(4, 11)})
    world.push("item-0")
    return {"run_id": world.ids("run")}


def _stale(world: FaultyWorld) -> State:
    _published(world)
    world.push(a="changed")
    run = world.run()
    world.push(d="four")
    world.publish()
    world.push(e="five")
    return {"run_id": run.run_id}


def _unsettled(world: FaultyWorld) -> State:
    """A publication whose clean-up did not happen at all."""
    _due(world)
    run = world.run()
    settler = world.knowledge.settler
    settle = type(settler).settle_plan
    type(settler).settle_plan = lambda *_: None
    try:
        world.apply(run)
    finally:
        type(settler).settle_plan = settle
    assert world.source.settle_run_id == run.run_id
    world.push(d="four")
    return {"run_id": world.ids("run")}


def _reverted(world: FaultyWorld) -> State:
    _published(world)
    world.push(a="other")
    world.push(a="one")
    return {}


def _run(mode: str) -> Callable[[FaultyWorld, State], object]:
    return lambda world, state: world.run(mode, run_id=state["run_id"])


def _apply(world: FaultyWorld, state: State) -> object:
    return world.apply(state["run_id"])


def _apply_after_refusal(world: FaultyWorld, state: State) -> object:
    return world.apply_after_refusal(state["run_id"])


def _push_one(external_item_id: str, content: str, **rest: Any) -> Callable[[FaultyWorld, State], object]:
    return lambda world, _: world.knowledge.staging.push_item(world.source, draft(external_item_id, content, **rest))


def _diff_and_apply(world: FaultyWorld, state: State) -> object:
    """As an import does it: one execution for both."""
    world.knowledge.machine.run_action(Action.DIFF_AND_APPLY, world.tenant_id, world.source_id, state["run_id"])
    return world.apply(state["run_id"])


def _known(world: FaultyWorld) -> State:
    """A run that is to be planned and applied in one execution."""
    state = _then(_due, a="again")(world)
    silent = replace(world.knowledge.runs, machine=_Silent())
    silent.create_run(world.source, RunMode.INCREMENTAL, run_id=state["run_id"])
    return state


class _Silent:
    """A machine that answers nothing and does nothing."""

    def run_action(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Do nothing."""
        return {}


def _snapshot_to_come(world: FaultyWorld) -> State:
    _published(world)
    return {"snapshot_id": world.ids("snp")}


def _snapshot_in_parts(world: FaultyWorld, state: State) -> object:
    """A client's whole session, sent again from the start; what is done already is found done."""
    snapshots, snapshot_id = world.knowledge.snapshots, state["snapshot_id"]
    if snapshots.open_snapshot(world.source, snapshot_id=snapshot_id).state is SnapshotState.OPEN:
        snapshots.put_part(world.source, snapshot_id, 2, [draft("d", "four"), draft("e", "five")])
        snapshots.put_part(world.source, snapshot_id, 1, [draft("a", "new")])
    return snapshots.complete_snapshot(world.source, snapshot_id)


def _snapshot(world: FaultyWorld, state: State) -> object:
    items = [draft("a", "new"), draft("d", "four"), draft("e", "five")]
    return world.knowledge.snapshots.replace_all(world.source, items, snapshot_id=state["snapshot_id"])


def _change_settings(world: FaultyWorld, _: State) -> object:
    return world.knowledge.sources.update_source(
        world.tenant_id, world.source_id, name="Other", grace_days=0, removal_guard=RemovalGuard(max_items=100)
    )


def _archive_and_back(world: FaultyWorld, _: State) -> object:
    world.knowledge.sources.archive_source(world.tenant_id, world.source_id)
    return world.knowledge.sources.restore_source(world.tenant_id, world.source_id)


def _older(world: FaultyWorld) -> State:
    """A generation to go back to, and the clean-up of the last one still owed."""
    _published(world)
    older = world.current.generation_id
    return {**_unsettled(world), "older": older, "new_id": world.ids("gen")}


def _roll_back(world: FaultyWorld, state: State) -> object:
    return world.roll_back(state["older"], state["new_id"])


def _aged(world: FaultyWorld) -> State:
    """What a collector meets: retired generations, an expired run, dead and small packs, contents nobody names."""
    world.push(a="one", b=LARGE)
    world.run()
    for number in range(4):
        world.push(**{"c": f"three {number}", f"item-{number}": "text"})
        world.publish()
    world.clock.advance(days=3)
    world.push("item-0", b="two")
    world.publish()
    world.clock.advance(days=6)
    return {}


def _tend(world: FaultyWorld, _: State) -> object:
    """A pass over one source, as the daily round makes it."""
    world.reader.forget()
    with short_memory():
        return compact(world)


def _forgotten(world: FaultyWorld) -> State:
    """An item whose tombstone's row has come to its end."""
    _tombstoned(world)
    world.clock.advance(days=31)
    return {}


def _secretive(world: FaultyWorld) -> State:
    """A text that lies in packs, leaves and changes of two generations, a large content, a ready run and a row."""
    _published(world)
    push = world.knowledge.staging.push_item
    push(world.source, draft("x", f"{SECRET} {LARGE}", title=SECRET))
    world.publish()
    world.push("b", a="other")
    push(world.source, draft("x", SECRET, title=SECRET))
    world.publish()
    push(world.source, draft("x", f"{SECRET} once more", title=SECRET))
    world.run()
    return {"erasure_id": world.ids("era")}


def _erase(world: FaultyWorld, state: State) -> object:
    """Ask for an erasure and see it through; what is erased is nowhere, whatever happened before."""
    world.reader.forget()
    erasure = carry_out(world, erase(world, "x", "unknown", erasure_id=state["erasure_id"]).erasure_id)
    world.reader.forget()
    assert places_with(world, [SECRET]) == []
    return erasure


_PUBLISHED = {"a": "one", "b": "two", "c": "three"}
_SNAPSHOT = {**_PUBLISHED, "a": "new", "d": "four", "e": "five"}
_MANY = {
    **{f"item-{number}": "text" for number in range(4)},
    **{f"item-{number}": "new" for number in range(4, 11)},
}

_AGED = {"a": "one", "b": "two", "c": "three 3", **{f"item-{number}": "text" for number in range(4)}}

OPERATIONS = [
    Operation("push-new", _published, _push_one("d", "four"), {**_PUBLISHED, "d": "four"}),
    Operation("push-changed", _published, _push_one("a", "new", source_version=3), {**_PUBLISHED, "a": "new"}),
    Operation("push-large", _published, _push_one("a", LARGE), {**_PUBLISHED, "a": LARGE}),
    Operation("push-removed", _removed, _push_one("a", "again"), {**_PUBLISHED, "a": "again"}),
    Operation("push-tombstoned", _tombstoned, _push_one("a", "again"), {"a": "again", "c": "three"}),
    Operation(
        "batch",
        _published,
        lambda world, _: world.push("b", a="new", d="4", e="5", f="6"),
        {**_PUBLISHED, "a": "new", "d": "4", "e": "5", "f": "6"},
        small=True,
    ),
    Operation("remove", _published, lambda world, _: world.remove_if_there("a"), _PUBLISHED),
    Operation("restore-removed", _removed, lambda world, _: world.restore("a"), _PUBLISHED),
    Operation("restore-tombstoned", _tombstoned, lambda world, _: world.restore("a"), {"a": "one", "c": "three"}),
    Operation("run-first", _then(_nothing, a="one"), _run("incremental"), {"a": "one"}),
    Operation("run-incremental", _then(_published, a="new"), _run("incremental"), {**_PUBLISHED, "a": "new"}),
    Operation("run-full", _then(_removed, a="new", d="4"), _run("full"), {**_PUBLISHED, "a": "new", "d": "4"}),
    Operation("run-due", _then(_due), _run("incremental"), {"c": "three"}),
    Operation("run-unsettled", _unsettled, _run("incremental"), {"c": "three", "d": "four"}),
    Operation("run-parts", _many, _run("incremental"), _MANY, small=True),
    Operation("run-full-parts", _many, _run("full"), _MANY, small=True),
    Operation("apply-first", _planned(_then(_nothing, a="one")), _apply, {"a": "one"}),
    Operation("apply-second", _planned(_then(_published, a="new")), _apply, {**_PUBLISHED, "a": "new"}),
    Operation("apply-large", _planned(_then(_published, a=LARGE)), _apply, {**_PUBLISHED, "a": LARGE}),
    Operation("apply-removed", _planned(_then(_removed)), _apply, _PUBLISHED),
    Operation("apply-tombstones", _planned(_due), _apply, {"c": "three"}),
    Operation("apply-empty", _planned(_reverted), _apply, _PUBLISHED),
    Operation("apply-parts", _planned(_many), _apply, _MANY, small=True),
    Operation("apply-full-parts", _planned(_many, "full"), _apply, _MANY, small=True),
    Operation("apply-stale", _stale, _apply_after_refusal, {**_PUBLISHED, "a": "changed", "d": "four", "e": "five"}),
    Operation("snapshot", _snapshot_to_come, _snapshot, _SNAPSHOT, small=True),
    Operation("snapshot-in-parts", _snapshot_to_come, _snapshot_in_parts, _SNAPSHOT, small=True),
    Operation("diff-and-apply", _known, _diff_and_apply, {"a": "again", "c": "three"}),
    Operation("change-settings", _removed, _change_settings, {"c": "three"}),
    Operation("push-forgotten", _forgotten, _push_one("a", "again"), {"a": "again", "c": "three"}),
    Operation("restore-generation", _older, _roll_back, {"c": "three", "d": "four"}),
    Operation("collect", _aged, _tend, _AGED, small=True),
    Operation("erase", _secretive, _erase, {"a": "other", "b": "two", "c": "three"}, small=True),
    Operation("archive-and-back", _published, _archive_and_back, _PUBLISHED),
]
