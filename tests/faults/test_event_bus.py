"""What is published reaches the event bus at least once, whatever fails, and holds up nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from knowledge.errors import KnowledgeError
from knowledge.events import KEY_CREATED, RUN_READY, Event
from webhooks.outbox.bus import BATCH

from testing.faults import Way
from testing.webhook_world import WebhookWorld
from tests.faults.striking import FAILURES, strike_everywhere

NewHooks = Callable[..., WebhookWorld]


def unrelayed(world: WebhookWorld, *events: Event) -> list[Event]:
    """Those that the outbox still has to relay."""
    return [event for event in events if world.hooks.relay.outbox.is_unrelayed(event)]


def sweep_later(world: WebhookWorld) -> None:
    world.clock.advance(seconds=300)
    world.sweep()


@pytest.mark.parametrize("webhook", [False, True], ids=["no-webhook", "webhook"])
def test_sweep_repairs_a_fault_at_any_call(
    new_hooks: NewHooks, capsys: pytest.CaptureFixture[str], webhook: bool
) -> None:
    def prepared() -> tuple[WebhookWorld, Event]:
        world = new_hooks()
        if webhook:
            world.endpoint("https://one.example.com/")
        event = world.happen()
        world.watch.calls.clear()
        return world, event

    world, event = prepared()
    world.stream(event)
    calls = list(world.watch.calls)
    assert [str(call) for call in calls].count("events.put_events") == 1

    def strike(number: int, way: Way) -> None:
        world, event = prepared()
        world.watch.arm(number, way)
        with suppress(*FAILURES):
            world.stream(event)
        assert world.watch.fired is not None, "the call was not reached"
        world.watch.disarm()
        with suppress(KnowledgeError):
            sweep_later(world)
        assert event.event_id in world.bus.ids(), "the event never came to the bus"
        assert not unrelayed(world, event)
        if webhook:
            world.settle()
            assert world.receiver.times("https://one.example.com/", event.event_id)

    strike_everywhere("tell-bus-and-webhook" if webhook else "tell-bus", calls, strike, capsys)


def test_entry_that_is_refused_in_an_answer_of_200_comes_again(new_hooks: NewHooks) -> None:
    world = new_hooks()
    events = [world.happen() for _ in range(3)]
    world.bus.refuses = lambda detail: detail["id"] == events[1].event_id
    answer = world.stream(*events)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert unrelayed(world, *events) == [events[1]]
    world.bus.refuses = lambda _: False
    sweep_later(world)
    assert Counter(world.bus.ids()) == {event.event_id: 1 for event in events}
    assert not unrelayed(world, *events)


def test_bus_that_takes_nothing_for_hours_holds_up_no_webhook(new_hooks: NewHooks) -> None:
    world = new_hooks()
    world.endpoint("https://one.example.com/")
    world.bus.refuses = lambda _: True
    event = world.happen()
    for _ in range(5):
        assert world.stream(event)["batchItemFailures"]
    while world.deliver_next():
        pass
    assert len(world.receiver.times("https://one.example.com/", event.event_id)) == 1
    for _ in range(12):
        sweep_later(world)
    assert unrelayed(world, event)
    world.bus.refuses = lambda _: False
    sweep_later(world)
    world.settle()
    assert world.bus.ids() == [event.event_id]
    assert len(world.receiver.times("https://one.example.com/", event.event_id)) == 1


def test_queue_that_takes_nothing_holds_up_no_bus(new_hooks: NewHooks, monkeypatch: pytest.MonkeyPatch) -> None:
    world = new_hooks()
    world.endpoint("https://one.example.com/")

    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="sqs")

    with monkeypatch.context() as patched:
        patched.setattr(world.queue, "send_message_batch", fail, raising=False)
        event = world.happen()
        assert world.stream(event)["batchItemFailures"]
    assert world.bus.ids() == [event.event_id]
    sweep_later(world)
    world.settle()
    # Twice at most, by one id: that is what "at least once" costs.
    assert set(world.bus.ids()) == {event.event_id}
    assert world.receiver.times("https://one.example.com/", event.event_id)


def test_events_of_a_batch_share_calls_and_others_cost_none(new_hooks: NewHooks) -> None:
    world = new_hooks()
    others = [world.happen(kind) for kind in (RUN_READY, KEY_CREATED)]
    world.stream(*others)
    assert world.bus.calls == 0
    published = [world.happen() for _ in range(2 * BATCH + 1)]
    world.stream(*published, *others)
    assert world.bus.calls == 3
    assert world.bus.ids() == [event.event_id for event in published]
