"""Traps on the way from a plan to a generation: leases, checks that grow old, damaged objects."""

from __future__ import annotations

from typing import Any

from knowledge import errors
from knowledge.generations.eligibility import ApplyRequest

from testing.faults import before_first
from tests.faults.traps import acquire, leaf_of, meddle_before_publishing, refusal_of, refused, small_parts, trap
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
def build_in_parts_keeps_to_its_own_token(world: FaultyWorld) -> None:
    """Between two parts the run's own retry takes the lease over; the first attempt must not go on under its token."""
    with small_parts():
        world.push(a="one", b="two", c="three")
        run = world.run()
        request = ApplyRequest(world.tenant_id, world.source_id, run.run_id)
        first = world.knowledge.builder.build_part(request).build
        assert first is not None
        world.clock.advance(seconds=14)

        def take_over() -> None:
            world.clock.advance(seconds=16)
            acquire(world, run.run_id)

        def after_the_renewal() -> None:
            before_first(world.watch, "get_item", take_over)

        before_first(world.watch, "update_item", after_the_renewal, matching="leaseRenewedAt")
        goes_on: list[int] = []

        def go_on() -> None:
            outcome = world.knowledge.builder.build_part(request, first)
            goes_on.extend(part.lease_token for part in (outcome.build, outcome.publication) if part is not None)

        if refusal_of(go_on) is None:
            assert goes_on == [first.lease_token], "an attempt adopted the token that another was given"
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

    before_first(world.watch, "update_item", meddle, matching="generationId = :generation")
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
    publication = world.knowledge.builder.build_part(request).publication
    assert publication is not None
    world.clock.advance(seconds=LEASE_SECONDS)
    world.push(a="two")
    world.publish()
    world.set_on_source(leaseToken=publication.lease_token, leaseRunId=run.run_id, leaseRenewedAt=0, leaseExpiresAt=0)
    refused(errors.StaleBaseError, lambda: world.knowledge.publisher.publish_generation(publication))
    assert world.served() == {"a": "two"}
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
    old = leaf_of(world)
    world.push(a="changed")
    world.publish()
    new = leaf_of(world)
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
