"""Webhooks when things go wrong: every event arrives, none that is no fact, on schedule, and nobody waits for another.

WEBHOOK_EVENTS says how many events the long test has (200; 10 000 in `make faults`).
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import pytest
from knowledge.events import GENERATION_PUBLISHED, RUN_FAILED, WEBHOOK_DISABLED, Event, event_from, event_key
from knowledge.storage.attributes import from_row, to_row
from webhooks.deliveries.model import DeliveryState
from webhooks.deliveries.schedule import DELAYS_SECONDS
from webhooks.endpoints.model import DisabledReason
from webhooks.sending.replies import Reply

from testing.faults import Call, Crash, Way
from testing.resources import Resources
from testing.told_events import event_faults
from testing.webhook_world import OK, WebhookWorld, moody
from testing.wire import WireDynamoDB
from tests.faults import settings
from tests.faults.striking import FAILURES
from tests.support.faulty_world import FaultyWorld

EVENTS = int(os.environ.get("WEBHOOK_EVENTS", "200"))
# At one attempt in five minutes, more of them take longer than the five days after which an endpoint is given up.
BACKLOG = min(100, EVENTS // 40)
NewHooks = Callable[..., WebhookWorld]
DAY_MS = 86_400_000
DOWN = Reply(500, 10, "", None, None, refused=False)
HUNG = Reply(None, 15_000, "", None, "no answer within 15 s", refused=False)


def test_every_event_arrives_whatever_fails(new_hooks: NewHooks, capsys: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(settings.SEED)
    world = new_hooks(chance=dice.random)
    everything = world.endpoint("https://all.example.com/")
    failures = world.endpoint("https://failures.example.com/", event_types=("run.failed",))
    world.receiver.answer = moody(dice)
    ways = list(Way)

    def strike(_: Call) -> Way | None:
        return dice.choice(ways) if dice.random() < 0.01 else None

    events = []
    world.watch.gate = strike
    while len(events) < EVENTS:
        world.watch.gate = None
        batch = [world.happen(dice.choice((GENERATION_PUBLISHED, RUN_FAILED))) for _ in range(dice.randint(1, 10))]
        world.watch.gate = strike
        events += batch
        # The stream gives up after some tries, and sometimes brings a batch twice.
        for _ in range(dice.choice((0, 1, 2, 2))):
            with suppress(Crash):
                if not world.stream(*batch)["batchItemFailures"]:
                    break
        world.clock.advance(ms=dice.randint(0, 30_000))
        for _ in range(dice.randint(0, 20)):
            world.deliver_next()
    world.watch.gate = None
    world.clock.advance(seconds=300)
    world.sweep()
    world.settle()
    for endpoint, wanted in ((everything, events), (failures, [e for e in events if e.event_type == RUN_FAILED])):
        arrived = {name: posts for (url, name), posts in world.receiver.arrived.items() if url == endpoint.url}
        assert arrived.keys() == {event.event_id for event in wanted}
        assert all(len({body for _, body in posts}) == 1 for posts in arrived.values())
        deliveries = world.deliveries(endpoint)
        assert len(deliveries) == len(wanted)
        assert {delivery.state for delivery in deliveries} <= {DeliveryState.DELIVERED, DeliveryState.FAILED}
    assert world.hooks.relay.sweep(lambda: True) == 0
    with capsys.disabled():
        sys.stdout.write(f"\n  {len(events)} events, {world.receiver.posts} posts, {world.queue.sent} messages ")


def test_no_event_tells_of_a_publication_that_did_not_happen(
    new_world: Callable[..., FaultyWorld], fault_tables: Resources, fault_dynamodb: WireDynamoDB
) -> None:
    """Applies fail at a call chosen by a seed, are abandoned or repeated; what arrives is what is published."""
    told = published = 0
    for seed in range(settings.SEED, settings.SEED + 25):
        dice = random.Random(seed)
        world = new_world()
        hooks = WebhookWorld(fault_tables.table_name("CatalogTable"), fault_dynamodb, tenant_id=world.tenant_id)
        endpoint = hooks.endpoint("https://one.example.com/", source_ids=(world.source_id,))
        for round_number in range(4):
            world.push(a=f"{seed} {round_number}")
            world.watch.arm(dice.randint(0, 30), dice.choice(list(Way)))
            with suppress(*FAILURES):
                world.apply(world.run().run_id)
            world.watch.disarm()
            world.clock.advance(seconds=61)
            hooks.hooks.relay.relay(_outbox(world, fault_dynamodb))
        hooks.settle()
        data = [json.loads(body)["data"] for posts in hooks.receiver.arrived.values() for _, body in posts]
        arrived = [each["generationId"] for each in data if "sequence" in each]
        stored = world.check()
        assert sorted(arrived) == sorted(row["generationId"] for row in stored.generations)
        told, published = told + len(arrived), published + len(stored.generations)
        hooks.hooks.endpoints.delete_endpoint(world.tenant_id, endpoint.endpoint_id)
    assert told == published > 25


def _outbox(world: FaultyWorld, dynamodb: WireDynamoDB) -> list[Event]:
    query = {
        "TableName": world.settings.catalog_table,
        "KeyConditionExpression": "pk = :source AND begins_with(sk, :kind)",
        "FilterExpression": "attribute_exists(unrelayed)",
        "ExpressionAttributeValues": to_row({":source": world.source_id, ":kind": "event#"}),
    }
    return [event_from(from_row(row)) for row in dynamodb.query(**query)["Items"]]


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_attempts_follow_the_schedule(new_hooks: NewHooks, chance: float) -> None:
    world = new_hooks(chance=lambda: chance)
    endpoint = world.endpoint("https://down.example.com/")
    world.receiver.answer = lambda _: DOWN
    event = world.happen()
    world.stream(event)
    world.settle()
    times = world.receiver.times(endpoint.url, event.event_id)
    waits = [(later - earlier) / 1000 for earlier, later in pairwise(times)]
    factor = 0.9 + 0.2 * chance
    assert len(times) == len(DELAYS_SECONDS) == 8
    # SQS counts whole seconds.
    assert all(0 <= wait - factor * delay <= 1.5 for wait, delay in zip(waits, DELAYS_SECONDS[1:], strict=True)), waits
    (delivery,) = world.deliveries(endpoint)
    assert (delivery.state, delivery.failure, len(delivery.attempts)) == ("failed", "8 attempts failed", 8)


def test_receiver_that_says_when_is_not_asked_before(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://busy.example.com/")
    world.receiver.answer = lambda _: replace(DOWN, status=429, retry_after_seconds=3_600)
    event = world.happen()
    world.stream(event)
    world.settle()
    waits = [later - earlier for earlier, later in pairwise(world.receiver.times(endpoint.url, event.event_id))]
    assert [wait >= 3_600_000 for wait in waits] == [True] * 7
    assert waits[-1] >= 36_000_000


def test_gone_receiver_is_disabled_at_once_and_says_so(new_hooks: NewHooks) -> None:
    world = new_hooks()
    gone, other = world.endpoint("https://gone.example.com/"), world.endpoint("https://other.example.com/")
    world.receiver.answer = lambda url: replace(DOWN, status=410) if url == gone.url else OK
    events = [world.happen() for _ in range(3)]
    world.stream(*events)
    world.settle()
    disabled = world.read(gone).disabled
    assert disabled is not None
    assert disabled.reason is DisabledReason.GONE
    assert {delivery.state for delivery in world.deliveries(gone)} == {DeliveryState.FAILED}
    # Its event is in the outbox, once, and goes to the others.
    world.clock.advance(seconds=300)
    world.sweep()
    world.settle()
    told = [delivery for delivery in world.deliveries(other) if delivery.event_type == WEBHOOK_DISABLED]
    assert len(told) == 1
    assert (len(told), gone.endpoint_id in told[0].payload) == (1, True)
    assert event_faults(json.loads(told[0].payload)) == []
    # What came meanwhile is kept, and delivered once it is enabled again and that is asked for.
    late = world.happen()
    world.stream(late)
    world.settle()
    world.receiver.answer = lambda _: OK
    world.hooks.endpoints.update_endpoint(world.tenant_id, gone.endpoint_id, enabled=True)
    count, more = world.hooks.deliveries.redeliver_failed(world.tenant_id, gone.endpoint_id, 0)
    assert (count, more) == (5, False)
    world.settle()
    assert {delivery.state for delivery in world.deliveries(gone)} == {DeliveryState.DELIVERED}


def test_five_days_of_failures_disable(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://down.example.com/")
    world.receiver.answer = lambda _: DOWN
    began = world.clock()
    while world.clock() < began + 5 * DAY_MS - DAY_MS // 2:
        world.stream(world.happen())
        world.clock.advance(days=0.25)
        while (due := world.queue.next_due()) is not None and due <= world.clock():
            world.deliver_next()
    assert world.read(endpoint).disabled is None
    world.clock.advance(days=0.5)
    world.stream(world.happen())
    world.settle()
    disabled = world.read(endpoint).disabled
    assert disabled is not None
    assert disabled.reason is DisabledReason.FAILING
    assert disabled.at >= began + 5 * DAY_MS
    enabled = world.hooks.endpoints.update_endpoint(world.tenant_id, endpoint.endpoint_id, enabled=True)
    assert (enabled.disabled, enabled.failing_since, enabled.failures) == (None, None, 0)


def test_one_success_ends_the_failing(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://flaky.example.com/")
    world.receiver.answer = lambda _: DOWN
    world.stream(world.happen())
    world.deliver_next()
    assert world.read(endpoint).failures == 1
    world.receiver.answer = lambda _: OK
    world.settle()
    assert (world.read(endpoint).failures, world.read(endpoint).failing_since) == (0, None)


def test_endpoint_that_hangs_delays_nobody_else(new_hooks: NewHooks) -> None:
    """The one worker has a backlog of posts that hang for 15 s each; what comes last arrives soon."""
    world = new_hooks()
    hung = world.endpoint("https://hung.example.com/", event_types=(RUN_FAILED,))
    well = world.endpoint("https://well.example.com/", event_types=(GENERATION_PUBLISHED,))
    world.receiver.answer = lambda url: HUNG if url == hung.url else OK
    world.stream(*(world.happen(RUN_FAILED) for _ in range(BACKLOG)))
    began = world.clock()
    late = world.happen()
    world.stream(late)
    while not (times := world.receiver.times(well.url, late.event_id)):
        assert world.deliver_next()
    # The first finds out that it hangs: the others stand back.
    assert times[0] - began <= 15_000
    world.settle()
    assert world.read(hung).failures > BACKLOG
    assert {len(delivery.attempts) for delivery in world.deliveries(hung)} == {8}


def test_two_messages_make_one_attempt(new_hooks: NewHooks) -> None:
    world = new_hooks()
    world.endpoint("https://well.example.com/")
    event = world.happen()
    world.stream(event)
    catalog = world.hooks.relay.deliveries.catalog
    catalog.update(*event_key(event), "SET unrelayed = :shard", "attribute_exists(pk)", {":shard": "0"})
    world.stream(event)
    assert len(world.queue.messages) == 2
    world.receiver.answer = lambda _: world.deliver_next() and OK
    world.settle()
    assert world.receiver.posts == 1


def test_deleted_endpoint_is_told_nothing_more(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://well.example.com/")
    world.stream(world.happen())
    world.hooks.endpoints.delete_endpoint(world.tenant_id, endpoint.endpoint_id)
    world.settle()
    assert (world.receiver.posts, world.queue.messages) == (0, {})
