"""Traps on the way from a plan to a generation: leases, checks that grow old, damaged objects."""

from __future__ import annotations

from typing import Any

from knowledge import errors
from knowledge.generations.eligibility import ApplyRequest

from testing.faults import before_first
from tests.faults.traps import acquire, leaf_of, meddle_before_publishing, refusal_of, refused, trap
from tests.support.faulty_world import LEASE_SECONDS, FaultyWorld


@trap
def settings_changed_after_the_checks_are_honoured(world: FaultyWorld) -> None:
    world.push(a="one", b="two")
    world.publish()
    world.remove("a")
    world.clock.advance(days=8)
    run = world.run()
    longer = lambda: world.knowledge.sources.update_source(world.tenant_id, world.source_id, grace_days=30)  # noqa: E731
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
    meddle_before_publishing(world, lambda: world.knowledge.sources.archive_source(*whose))
    refused(errors.SourceInactiveError, lambda: world.apply(run))
    assert not world.check().generations
    world.knowledge.sources.restore_source(*whose)
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
        acquire(world, other.run_id)

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
        acquire(world, run.run_id)

    meddle_before_publishing(world, meddle)
    refused(errors.LeaseLostError, lambda: world.apply(run))
    assert not world.check().generations
    world.finish()


@trap
def attempt_keeps_to_its_own_token(world: FaultyWorld) -> None:
    """While it looks for its objects the run's own retry takes the lease over; it must not go on under that token."""
    world.push(a="one")
    run = world.run()
    request = ApplyRequest(world.tenant_id, world.source_id, run.run_id)

    def take_over() -> None:
        world.clock.advance(seconds=16)
        acquire(world, run.run_id)

    before_first(world.watch, "head_object", take_over)
    publication = world.knowledge.builder.build_generation(request).publication
    assert publication is not None
    assert publication.lease_token < world.source.lease_token, "an attempt adopted the token that another was given"
    refused(errors.LeaseLostError, lambda: world.knowledge.publisher.publish_generation(publication))
    assert not world.check().generations
    world.finish()


@trap
def empty_apply_of_a_plan_that_was_made_anew_is_stale(world: FaultyWorld) -> None:
    """The run was planned again between the check and its being marked published: a retry publishes."""
    world.push(a="one")
    world.publish()
    run = world.run()

    def meddle() -> None:
        world.push(a="two")
        world.knowledge.planner.plan_run(world.tenant_id, world.source_id, run.run_id)

    before_first(world.watch, "transact_write_items", meddle, matching="generationId = :generation")
    refused(errors.StalePlanError, lambda: world.apply(run))
    world.apply(run)
    assert world.served() == {"a": "two"}
    world.finish()


@trap
def failing_attempt_frees_no_lease_but_its_own(world: FaultyWorld) -> None:
    world.push(a="one")
    run, other = world.run(), world.run()

    def meddle() -> None:
        world.clock.advance(seconds=LEASE_SECONDS)
        acquire(world, other.run_id)

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
    publication = world.knowledge.builder.build_generation(request).publication
    assert publication is not None
    world.clock.advance(seconds=LEASE_SECONDS)
    world.push(a="two")
    world.publish()
    _hand_the_lease_back(world, publication.lease_token, run.run_id)
    refused(errors.StaleBaseError, lambda: world.knowledge.publisher.publish_generation(publication))
    assert world.served() == {"a": "two"}
    world.finish()


def _hand_the_lease_back(world: FaultyWorld, token: int, run_id: str) -> None:
    """Make the source's row say that an attempt never lost its lease, and that nothing is to be settled."""
    world.set_on_source(leaseToken=token, leaseRunId=run_id, leaseRenewedAt=0, leaseExpiresAt=0, settleRunId=None)


@trap
def restored_manifest_is_not_the_base_of_what_was_planned_before(world: FaultyWorld) -> None:
    """A restore brings back the very manifest that an older run was planned on, and the generation is another one.

    The journal of what was published in between is forgotten, so the older run leaves it out: it is planned again.
    """
    world.push(a="one")
    first = world.publish().generation_id
    world.push(b="from the older run")
    older = world.run()
    world.push(c="published in between")
    world.publish()
    world.roll_back(first)
    assert older.plan is not None
    assert older.plan.base_digest == world.current.manifest.digest
    refused(errors.StaleBaseError, lambda: world.apply(older))
    assert world.served() == {"a": "one"}
    world.apply(older)
    assert world.served() == {"a": "one", "b": "from the older run", "c": "published in between"}
    world.finish()


@trap
def manifest_that_is_restored_after_the_checks_is_another_base(world: FaultyWorld) -> None:
    """The same between the checks and the publishing write, by an attempt that never lost its lease."""
    world.push(a="one")
    first = world.publish().generation_id
    world.push(b="from the older run")
    older = world.run()

    def meddle() -> None:
        token = world.source.lease_token
        world.clock.advance(seconds=LEASE_SECONDS)
        world.push(c="published in between")
        world.rival().publish()
        world.rival().roll_back(first)
        _hand_the_lease_back(world, token, older.run_id)

    meddle_before_publishing(world, meddle)
    refused(errors.StaleBaseError, lambda: world.apply(older))
    assert world.served() == {"a": "one"}
    world.finish()


@trap
def generation_whose_manifest_was_replaced_is_another_base(world: FaultyWorld) -> None:
    """A base is a manifest: under the same id a generation may be served from another one, as erasure leaves it."""
    world.push(a="one", b="two")
    world.publish()
    kept = world.current.manifest
    world.push(c="three")
    at_the_checks, at_the_write, other = world.run(), world.run(), world.run()
    assert other.plan is not None
    # As good a manifest as any: one that serves something else.
    replaced = other.plan.index.manifest
    world.set_manifest(replaced)
    refused(errors.StaleBaseError, lambda: world.apply(at_the_checks))
    world.set_manifest(kept)
    meddle_before_publishing(world, lambda: world.set_manifest(replaced))
    refused(errors.StaleBaseError, lambda: world.apply(at_the_write))
    world.set_manifest(kept)
    assert len(world.check().generations) == 1
    world.finish()


@trap
def index_of_another_base_is_never_published(world: FaultyWorld) -> None:
    """Though its run names it: an index says itself which manifest it was built on."""
    world.push(a="one")
    world.publish()
    world.push(b="two")
    older = world.run()
    world.push(c="three")
    world.publish()
    world.push(d="four")
    run = world.run()
    assert older.plan is not None
    assert run.plan is not None
    world.set_on_plan(run, index=older.plan.index)
    refused(errors.BuildFailedError, lambda: world.apply(run))
    world.set_on_plan(run, index=run.plan.index)
    world.apply(run)
    assert world.served() == {"a": "one", "b": "two", "c": "three", "d": "four"}
    world.finish()


@trap
def plan_that_was_made_anew_is_not_published_by_its_old_build(world: FaultyWorld) -> None:
    world.push(a="one")
    run = world.run()

    def meddle() -> None:
        world.push(a="two")
        world.knowledge.planner.plan_run(world.tenant_id, world.source_id, run.run_id)

    meddle_before_publishing(world, meddle)
    refused(errors.StalePlanError, lambda: world.apply(run))
    assert not world.check().generations
    world.finish()


@trap
def expired_run_is_not_published(world: FaultyWorld) -> None:
    """Its objects may be collected by now."""
    world.push(a="one")
    run = world.run()
    asked = before_first(world.watch, "head_object", lambda: world.clock.advance(days=8))
    refused(errors.ApplyConflictError, lambda: world.apply(run))
    assert asked
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
def plan_swapped_for_another_is_neither_shown_nor_settled(world: FaultyWorld) -> None:
    """Another plan's file under this plan's key parses well; its digest gives it away.

    What is published is the index, so the run can be applied; but what the other plan covers is not forgotten.
    """
    world.push(a="one")
    first = world.run()
    world.push(a="two")
    second = world.run()
    objects = world.clients.s3._client.objects
    assert first.plan is not None
    assert second.plan is not None
    key = first.plan.parts[0].object.key
    kept, objects[key] = objects[key], objects[second.plan.parts[0].object.key]
    refused(errors.InvalidPositionError, lambda: world.changes(first))
    world.apply(first)
    assert world.served() == {"a": "one"}
    objects[key] = kept
    assert world.kinds(world.run()) == {"a": "updated"}
    world.reader.counted = False
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
def leaf_swapped_for_another_fails_the_run(world: FaultyWorld) -> None:
    """An older edition of a leaf is as long and as sound as the one in whose place it is put."""
    world.push(a="one", b="two")
    world.publish()
    old, at, length = leaf_of(world)
    world.push(a="six")
    world.publish()
    key, there, size = leaf_of(world)
    objects = world.clients.s3._client.objects
    kept, metadata = objects[key]
    leaf = objects[old][0][at : at + length]
    assert length == size
    objects[key] = (kept[:there] + leaf + kept[there + size :], metadata)
    world.push(a="changed")
    refused(errors.RunFailedError, world.run)
    objects[key] = (kept, metadata)
    world.publish()
    assert world.served() == {"a": "changed", "b": "two"}
    world.finish()


@trap
def leaves_lie_where_they_are_said_to(world: FaultyWorld) -> None:
    """Of many that are written at once, each is found by what was put into it."""
    items = {f"item-{number}": f"text {number}" for number in range(150)}
    world.push_many(items)
    world.publish()
    changed = {f"item-{number}": f"new {number}" for number in range(0, 150, 3)}
    world.push_many(changed)
    world.publish()
    world.check()
    assert world.served() == {**items, **changed}
    world.finish()
