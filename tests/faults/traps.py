"""The traps that earlier drafts fell into, and others like them: each lays one and shows that it does not catch us.

A trap is laid in a fresh world and raises AssertionError (or whatever the product raises unasked) when the product is
caught. `mutations.py` takes the product's guards away one by one and names the trap that must catch it then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from knowledge import errors
from knowledge.item_store import ItemStore
from knowledge.model import ItemState, PushResult, RunMode
from knowledge.publishing import ApplyRequest
from tests.support.faults import before_first
from tests.support.faulty_world import LEASE_SECONDS, FaultyWorld
from tests.support.lifecycle import draft

Trap = Callable[[FaultyWorld], None]
TRAPS: list[Trap] = []
PUBLISHING = "event#"


def trap(laid: Trap) -> Trap:
    TRAPS.append(laid)
    return laid


def refused(refusal: type[Exception], request: Callable[[], object]) -> None:
    """Make sure that a request is refused, by that very error."""
    assert refusal_of(request) is refusal


def refusal_of(request: Callable[[], object]) -> type[Exception] | None:
    """The class of the error that a request is refused with, None when it is not."""
    try:
        request()
    except errors.KnowledgeError as error:
        return type(error)
    return None


def meddle_before_publishing(world: FaultyWorld, meddle: Callable[[], object]) -> list[Any]:
    """Do something after the checks and just before the write that publishes."""
    return before_first(world.watch, "transact_write_items", meddle, matching=PUBLISHING)


@trap
def acknowledged_writes_are_in_the_next_run(world: FaultyWorld) -> None:
    world.push(a="one", b="two")
    world.publish()
    world.push("b", a="new", c="three")
    assert world.kinds(world.run()) == {"a": "updated", "b": "removed", "c": "added"}
    world.finish()


@trap
def empty_apply_forgets_nothing(world: FaultyWorld) -> None:
    """Else an older run could be published over what it forgot, and nobody would notice."""
    world.push(a="one")
    world.publish()
    world.push(a="two")
    older = world.run()
    world.push(a="one")
    empty = world.run()
    assert empty.plan is not None
    assert empty.plan.counts.changes == 0
    world.apply(empty)
    world.apply(older)
    assert world.served() == {"a": "two"}
    world.publish()
    assert world.served() == {"a": "one"}
    world.finish()


@trap
def replanning_is_a_fresh_diff(world: FaultyWorld) -> None:
    """A rebased change set would bring back what was taken back since."""
    world.push(a="one")
    world.publish()
    world.push(a="two", b="taken back")
    run = world.run()
    world.push("b", a="three")
    world.publish()
    refused(errors.StaleBaseError, lambda: world.apply(run))
    world.apply(run)
    assert world.served() == {"a": "three"}
    world.finish()


@trap
def two_plannings_of_a_run_never_write_one_key(world: FaultyWorld) -> None:
    """And the one that ends first stands: what was reviewed is what is applied."""
    world.push(a="one")
    run_id = world.ids("run")
    seen: list[Any] = []

    def meddle() -> None:
        world.push(a="two", b="more")
        seen.append(world.rival().run(run_id=run_id))

    before_first(world.watch, "update_item", meddle, matching="planExpiresAt")
    run = world.run(run_id=run_id)
    assert [run.plan] == [rival.plan for rival in seen]
    world.check()
    world.apply(run)
    assert world.served() == {"a": "two", "b": "more"}
    world.finish()


@trap
def journal_entry_seen_before_its_row_is_kept(world: FaultyWorld) -> None:
    """A query may show a transaction's entry while a read still gives its rows as they were."""
    world.push(a="one")
    world.publish()
    before = world.knowledge.planner.items.read(world.source_id, ["a"], world.clock())
    world.push(a="two", b="new")
    read = ItemStore.read
    ItemStore.read = lambda *_: before  # type: ignore[method-assign]
    try:
        run = world.run()
    finally:
        ItemStore.read = read  # type: ignore[method-assign]
    world.push(c="three")
    world.apply(run)
    world.publish()
    assert world.served() == {"a": "two", "b": "new", "c": "three"}
    world.finish()


@trap
def torn_entry_is_kept_when_other_changes_are_published(world: FaultyWorld) -> None:
    world.push(a="one")
    world.publish()
    before = world.knowledge.planner.items.read(world.source_id, ["a"], world.clock())
    world.push(a="two")
    world.push(c="three")
    read = ItemStore.read

    def late(store: ItemStore, source_id: str, names: Any, now: int) -> Any:
        return {**read(store, source_id, [name for name in names if name != "a"], now), **before}

    ItemStore.read = late  # type: ignore[method-assign]
    try:
        run = world.run()
    finally:
        ItemStore.read = read  # type: ignore[method-assign]
    world.apply(run)
    assert world.served() == {"a": "one", "c": "three"}
    world.publish()
    assert world.served() == {"a": "two", "c": "three"}
    world.finish()


@trap
def higher_source_version_is_never_lost(world: FaultyWorld) -> None:
    """Two writers of one item: the one that read first and wrote last decides again."""
    world.push(a="old")
    push = world.knowledge.staging.push_one

    def meddle() -> None:
        push(world.source, draft("a", "newest", source_version=5))

    before_first(world.watch, "transact_write_items", meddle)
    refused(errors.StaleVersionError, lambda: push(world.source, draft("a", "older", source_version=4)))
    world.publish()
    assert world.served() == {"a": "newest"}
    assert world.knowledge.staging.get(world.source, "a").source_version == 5
    world.finish()


@trap
def two_creations_of_one_item_are_one(world: FaultyWorld) -> None:
    """The second to write finds the first, though it read that there was none."""
    results: list[PushResult] = []

    def meddle() -> None:
        results.extend(result.result for result in world.push(a="first"))

    before_first(world.watch, "transact_write_items", meddle)
    results.extend(result.result for result in world.push(a="second"))
    assert results == [PushResult.CREATED, PushResult.UPDATED]
    world.publish()
    assert world.served() == {"a": "second"}
    world.finish()


@trap
def item_pushed_again_before_it_is_marked_stays(world: FaultyWorld) -> None:
    """A dropped row is marked after the publication; by then it may be wanted again."""
    world.push(a="one", b="two")
    world.publish()
    world.remove("a")
    world.clock.advance(days=8)
    run = world.run()
    before_first(world.watch, "update_item", lambda: world.push(a="again"), matching=":tombstoned")
    world.apply(run)
    assert world.served() == {"b": "two"}
    assert world.knowledge.staging.get(world.source, "a").state is ItemState.ACTIVE
    world.publish()
    assert world.served() == {"a": "again", "b": "two"}
    world.finish()


@trap
def settings_changed_after_the_checks_are_honoured(world: FaultyWorld) -> None:
    world.push(a="one", b="two")
    world.publish()
    world.remove("a")
    world.clock.advance(days=8)
    run = world.run()
    longer = lambda: world.knowledge.sources.update(world.tenant_id, world.source_id, grace_days=30)  # noqa: E731
    meddle_before_publishing(world, longer)
    refused(errors.StalePlanError, lambda: world.apply(run))
    world.apply(run)
    assert world.served() == {"a": "one", "b": "two"}
    world.finish()


@trap
def source_archived_after_the_checks_does_not_publish(world: FaultyWorld) -> None:
    world.push(a="one")
    run = world.run()
    whose = (world.tenant_id, world.source_id)
    meddle_before_publishing(world, lambda: world.knowledge.sources.archive(*whose))
    refused(errors.SourceInactiveError, lambda: world.apply(run))
    assert not world.check().generations
    world.knowledge.sources.restore(*whose)
    world.finish()


@trap
def retry_does_not_fence_its_own_working_attempt(world: FaultyWorld) -> None:
    """A client that retries too early must not stop the attempt that is about to succeed."""
    world.push(a="one")
    run = world.run()
    rival = world.rival()
    met: list[Any] = []
    meddle_before_publishing(world, lambda: met.append(refusal_of(lambda: rival.apply(run))))
    first = world.apply(run)
    assert met == [errors.ApplyInProgressError]
    assert world.current.generation_id == first.generation_id
    assert len(world.check().generations) == 1
    world.finish()


@trap
def lease_admits_one_apply(world: FaultyWorld) -> None:
    world.push(a="one")
    run, other = world.run(), world.run()
    rival = world.rival()
    met: list[Any] = []
    meddle_before_publishing(world, lambda: met.append(refusal_of(lambda: rival.apply(other))))
    world.apply(run)
    assert met == [errors.ApplyInProgressError]
    world.finish()


@trap
def lost_lease_never_publishes(world: FaultyWorld) -> None:
    world.push(a="one")
    run, other = world.run(), world.run()

    def meddle() -> None:
        world.clock.advance(seconds=LEASE_SECONDS)
        _acquire(world, other.run_id)

    meddle_before_publishing(world, meddle)
    refused(errors.LeaseLostError, lambda: world.apply(run))
    assert not world.check().generations
    world.finish()


@trap
def lease_taken_over_by_the_same_run_stops_the_first_attempt(world: FaultyWorld) -> None:
    """The run is the same, the token is not: an attempt that was taken for dead must not publish."""
    world.push(a="one")
    run = world.run()

    def meddle() -> None:
        world.clock.advance(seconds=16)
        _acquire(world, run.run_id)

    meddle_before_publishing(world, meddle)
    refused(errors.LeaseLostError, lambda: world.apply(run))
    assert not world.check().generations
    world.finish()


@trap
def failing_attempt_frees_no_lease_but_its_own(world: FaultyWorld) -> None:
    world.push(a="one")
    run, other = world.run(), world.run()

    def meddle() -> None:
        world.clock.advance(seconds=LEASE_SECONDS)
        _acquire(world, other.run_id)

    before_first(world.watch, "head_object", meddle)
    refused(errors.LeaseLostError, lambda: world.apply(run))
    lease = world.source.lease
    assert lease is not None
    assert lease.run_id == other.run_id
    world.finish()


@trap
def base_must_still_be_the_one_of_the_plan(world: FaultyWorld) -> None:
    """Even for a holder of the lease: a generation built on another base would undo what was published since."""
    world.push(a="one")
    run = world.run()
    request = ApplyRequest(world.tenant_id, world.source_id, run.run_id)
    publication = world.knowledge.publisher.build(request).publication
    assert publication is not None
    world.clock.advance(seconds=LEASE_SECONDS)
    world.push(a="two")
    world.publish()
    world.set_on_source(leaseToken=publication.lease_token, leaseRunId=run.run_id, leaseRenewedAt=0, leaseExpiresAt=0)
    refused(errors.StaleBaseError, lambda: world.knowledge.publisher.publish(publication))
    assert world.served() == {"a": "two"}
    world.finish()


@trap
def plan_that_was_made_anew_is_not_published_by_its_old_build(world: FaultyWorld) -> None:
    world.push(a="one")
    run = world.run()

    def meddle() -> None:
        world.push(a="two")
        world.knowledge.planner.plan(world.tenant_id, world.source_id, run.run_id)

    meddle_before_publishing(world, meddle)
    refused(errors.StalePlanError, lambda: world.apply(run))
    assert not world.check().generations
    world.finish()


@trap
def expired_run_is_not_published(world: FaultyWorld) -> None:
    """Its objects may be collected by now."""
    world.push(a="one")
    run = world.run()
    put = before_first(world.watch, "put_object", lambda: world.clock.advance(days=8), matching="manifests/")
    refused(errors.ApplyConflictError, lambda: world.apply(run))
    assert put
    assert not world.check().generations
    refused(errors.NotApplyEligibleError, lambda: world.apply(run))
    world.finish()


@trap
def every_publication_is_announced_once(world: FaultyWorld) -> None:
    world.push(a="one")
    run = world.run()
    world.apply(run)
    world.apply(run)
    world.finish()


@trap
def plan_swapped_for_another_is_not_published(world: FaultyWorld) -> None:
    """Another plan's file under this plan's key parses well; its digest gives it away."""
    world.push(a="one")
    first = world.run()
    world.push(a="two")
    second = world.run()
    objects = world.clients.s3._client.objects
    assert first.plan is not None
    assert second.plan is not None
    objects[first.plan.parts[0].object.key] = objects[second.plan.parts[0].object.key]
    refused(errors.StalePlanError, lambda: world.apply(first))
    world.apply(first)
    world.finish()


@trap
def damaged_pack_is_not_published(world: FaultyWorld) -> None:
    world.push(a="one")
    run = world.run()
    objects = world.clients.s3._client.objects
    (pack,) = [key for key in objects if "/pack-" in key and run.run_id in key]
    objects[pack] = (b"damaged", {"sha256": "0" * 64})
    refused(errors.StalePlanError, lambda: world.apply(run))
    world.apply(run)
    world.finish()


@trap
def leaf_swapped_for_another_fails_the_build(world: FaultyWorld) -> None:
    world.push(a="one", b="two")
    world.publish()
    old = _leaf(world)
    world.push(a="changed")
    world.publish()
    new = _leaf(world)
    world.push(b="changed")
    run = world.run()
    objects = world.clients.s3._client.objects
    kept = objects[new]
    objects[new] = objects[old]
    refused(errors.BuildFailedError, lambda: world.apply(run))
    objects[new] = kept
    world.apply(run)
    assert world.served() == {"a": "changed", "b": "changed"}
    world.finish()


@trap
def run_that_began_before_a_publication_is_stale(world: FaultyWorld) -> None:
    """It read its base first: what is published and forgotten while it reads makes it stale, not blind."""
    world.push(a="one")
    before_first(world.watch, "query", world.rival().publish, matching="#journal")
    world.push(b="two")
    run_id = world.ids("run")
    world.knowledge.runs.create(world.source, RunMode.INCREMENTAL, run_id=run_id)
    refused(errors.StaleBaseError, lambda: world.apply(run_id))
    world.apply(run_id)
    assert world.served() == {"a": "one", "b": "two"}
    world.finish()


@trap
def run_never_reads_older_than_what_was_acknowledged(world: FaultyWorld) -> None:
    acknowledged_writes_are_in_the_next_run(world)


def _acquire(world: FaultyWorld, run_id: str) -> None:
    store = world.knowledge.publisher.sources
    store.acquire_lease(world.tenant_id, world.source_id, run_id, world.clock())


def _leaf(world: FaultyWorld) -> str:
    objects = world.clients.s3._client.objects
    (leaf,) = [key for key in objects if "/leaf-" in key and f"/{world.current.generation_id}/" in key]
    return str(leaf)
