"""Retries without end: no chain of messages that Lambda would break, and a sweep that may die, meet another or be late.

What would break it, and which test tries it:

- a retry that is sent on by the function that made the attempt: an outage longer than the chain
- a crash between any two calls of an attempt or a sweep: each call struck, in test_webhooks.py
- a sweep beside another, or beside an attempt of what it is sending
- a queue that nobody reads, so that every sweep would send everything once more
- more waiting than one sweep can look at, of one endpoint or of many
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest
from knowledge.errors import ServiceUnavailableError
from webhooks.deliveries.model import DeliveryState
from webhooks.deliveries.queue import Message
from webhooks.deliveries.schedule import OVERDUE_MS, SWEEP_MS
from webhooks.sending.replies import Reply

from testing.faults import Call, Crash, Way, before_first
from testing.held_clock import HeldClock
from testing.webhook_queue import MOST_INVOCATIONS, DelayQueue
from testing.webhook_world import OK, WebhookWorld

NewHooks = Callable[..., WebhookWorld]
DOWN = Reply(500, 10, "", None, None, refused=False)
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def down_until(world: WebhookWorld, at: int, *urls: str) -> None:
    """Let a receiver be down until a time; which it is for all if none is named."""
    world.receiver.answer = lambda url: DOWN if world.clock() < at and (url in urls or not urls) else OK


def states(world: WebhookWorld, *endpoints: object) -> set[str]:
    """In which states the deliveries are."""
    return {str(delivery.state) for endpoint in endpoints for delivery in world.deliveries(endpoint)}  # type: ignore[arg-type]


def put_into_index(world: WebhookWorld, count: int) -> None:
    """Have so many events fail at once and again, so that they wait for the sweep."""
    world.receiver.answer = lambda _: DOWN
    for _ in range(count):
        world.stream(world.happen())
    while world.deliver_next():
        pass
    assert not world.queue.messages


def test_queue_drops_the_seventeenth_of_a_chain() -> None:
    queue = DelayQueue(HeldClock())
    entry = {"Id": "0", "DelaySeconds": 0, "MessageBody": "again"}
    queue.send_message_batch(Entries=[entry])
    invocations = 0
    while (received := queue.receive()) is not None:
        invocations += 1
        queue.send_message_batch(Entries=[entry])
        queue.end()
        queue.delete(received)
    assert (invocations, queue.dropped, queue.messages) == (MOST_INVOCATIONS, ["again"], {})


@pytest.mark.parametrize(
    ("down_minutes", "count"), [(3, 1), (30, 1), (180, 1), (540, 1), (1_200, 1), (15, 40), (60, 40), (600, 40)]
)
def test_outage_of_any_length_leaves_nothing_pending(new_hooks: NewHooks, down_minutes: int, count: int) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://down.example.com/")
    down_until(world, world.clock() + down_minutes * MINUTE_MS)
    for _ in range(count):
        world.stream(world.happen())
    world.settle()
    assert states(world, endpoint) == {"delivered"}
    assert len(world.deliveries(endpoint)) == count
    # The first attempt, and the one 5 s after it.
    assert (world.queue.dropped, world.queue.dead, world.queue.longest_chain) == ([], [], 2)


def test_backlog_of_a_receiver_that_is_down_is_probed_and_not_flooded(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://down.example.com/")
    world.receiver.answer = lambda _: DOWN
    world.stream(*(world.happen() for _ in range(40)))
    began = world.clock()
    while world.clock() < began + HOUR_MS:
        world.clock.advance(ms=SWEEP_MS)
        world.sweep()
        while (due := world.queue.next_due()) is not None and due < world.clock() + SWEEP_MS:
            world.deliver_next()
    # Four a minute at first, and later one in as long as a tenth of the outage.
    assert 20 <= world.receiver.posts <= 60
    # Each had its first message, the five that were attempted a second; since then a message is an attempt.
    assert world.queue.sent - 45 <= world.receiver.posts
    down_until(world, 0)
    before = world.sweeps
    world.settle()
    assert states(world, endpoint) == {"delivered"}
    assert world.sweeps - before <= 8


def test_calls_of_a_delivery_and_of_a_sweep_repeat_exactly(new_hooks: NewHooks) -> None:
    world = new_hooks()
    world.endpoint("https://well.example.com/")
    world.stream(world.happen())
    world.settle()
    event = world.happen()

    def calls(work: Callable[[], object]) -> list[str]:
        world.watch.calls.clear()
        work()
        return [call.operation for call in world.watch.calls]

    # The bus; the endpoints, the environment of the source, which has no row here.
    relayed = ["put_events", "query", "get_item", "put_item", "send_message_batch", "update_item"]
    assert calls(lambda: world.stream(event)) == relayed
    # The endpoint, a slot, the delivery; what came of it, the slot back.
    assert calls(world.deliver_next) == ["get_item", "update_item", "get_item", "update_item", "update_item"]
    # Where the last one stopped, then eight shards of what waits, eight of the outbox.
    assert calls(world.sweep) == ["get_item"] + 16 * ["query"]
    put_into_index(world, 2)
    world.clock.advance(seconds=400)
    # Of what is sent: its endpoint once, ten messages in a call, and a note each.
    idle = Counter(["get_item"] + 16 * ["query"])
    assert Counter(calls(world.sweep)) - idle == Counter(get_item=1, send_message_batch=1, update_item=2)


def test_two_sweeps_at_once_make_one_attempt(new_hooks: NewHooks) -> None:
    world = new_hooks()
    world.endpoint("https://down.example.com/")
    put_into_index(world, 3)
    world.receiver.answer = lambda _: OK
    world.clock.advance(seconds=400)
    met = before_first(world.watch, "send_message_batch", world.sweep)
    posts = world.receiver.posts
    world.sweep()
    assert met
    assert world.queue.sent > 6 + 3, "the second sweep sent nothing"
    world.settle()
    assert world.receiver.posts == posts + 3


def test_attempt_during_the_sweep_that_asked_for_it_keeps_its_next_time(new_hooks: NewHooks) -> None:
    """The message is worked on before the sweep notes that it was sent."""
    world = new_hooks()
    endpoint = world.endpoint("https://down.example.com/")
    put_into_index(world, 1)
    world.clock.advance(seconds=400)
    met = before_first(world.watch, "update_item", world.deliver_next, matching="remindAt = :read")
    world.sweep()
    assert met
    (delivery,) = world.deliveries(endpoint)
    assert len(delivery.attempts) == 3
    assert delivery.remind_at == delivery.next_attempt_at


def test_message_that_nobody_reads_is_sent_once_in_a_long_while(new_hooks: NewHooks) -> None:
    world = new_hooks()
    world.endpoint("https://down.example.com/")
    put_into_index(world, 3)
    world.clock.advance(seconds=400)
    sent = world.queue.sent
    for _ in range(OVERDUE_MS // SWEEP_MS - 1):
        world.sweep()
        world.clock.advance(ms=SWEEP_MS)
    assert world.queue.sent == sent + 3


def test_lost_message_is_sent_again(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://down.example.com/")
    put_into_index(world, 2)
    world.receiver.answer = lambda _: OK
    world.clock.advance(seconds=400)
    world.sweep()
    world.queue.messages.clear()
    world.settle()
    assert states(world, endpoint) == {"delivered"}


@pytest.mark.parametrize("asked", ["test", "redeliver"])
def test_request_that_ends_before_its_message_is_sent_is_made_up_for(new_hooks: NewHooks, asked: str) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://well.example.com/")
    world.stream(world.happen())
    world.settle()
    (delivery,) = world.deliveries(endpoint)
    world.watch.gate = lambda call: Way.DIE_BEFORE if call.operation == "send_message_batch" else None
    with suppress(Crash):
        if asked == "test":
            world.hooks.deliveries.test(world.tenant_id, endpoint.endpoint_id, world.ids("evt"))
        else:
            world.hooks.deliveries.redeliver(world.tenant_id, endpoint.endpoint_id, delivery.delivery_id)
    world.watch.gate = None
    assert states(world, endpoint) >= {"pending"}
    world.settle()
    assert states(world, endpoint) == {"delivered"}
    assert world.receiver.posts == 2


def test_message_that_comes_too_early_is_not_the_last(new_hooks: NewHooks) -> None:
    """The clock of the function that attempts is behind that of the sweep."""
    world = new_hooks()
    endpoint = world.endpoint("https://down.example.com/")
    put_into_index(world, 1)
    world.clock.advance(seconds=250)
    while not world.queue.messages:
        world.clock.advance(ms=SWEEP_MS // 4)
        world.sweep()
    (delivery,) = world.deliveries(endpoint)
    assert delivery.next_attempt_at is not None
    world.clock.now = delivery.next_attempt_at - 1
    for message in world.queue.messages.values():
        message.visible_at = world.clock()
    world.deliver_next()
    world.receiver.answer = lambda _: OK
    world.settle()
    assert states(world, endpoint) == {"delivered"}
    assert world.clock() <= delivery.next_attempt_at + 2 * SWEEP_MS


def test_sweep_that_runs_out_of_time_goes_on_where_it_stopped(new_hooks: NewHooks) -> None:
    """Sweeps that get to look at four deliveries each: those of a receiver that is down are in front of the others."""
    world = new_hooks()
    down = world.endpoint("https://down.example.com/")
    well = [
        world.endpoint(f"https://well-{number}.example.com/", source_ids=(f"src_{number}-{world.tenant_id}",))
        for number in range(4)
    ]
    world.receiver.answer = lambda _: DOWN
    for number in range(20):
        world.stream(world.happen(source_id=f"src_{number}"))
    while world.deliver_next():
        pass
    down_until(world, world.clock() + 9 * HOUR_MS, down.url)
    world.clock.advance(seconds=600)
    rows, budget = len(world.waiting()), 4
    assert rows == 24
    for _ in range(-(-rows // budget)):
        looks = iter([True] * budget)
        world.sweep(lambda looks=looks: next(looks, False))  # type: ignore[misc]
    while world.deliver_visible() or (world.queue.next_due() or 0) > world.clock():
        world.deliver_next()
    assert states(world, *well) == {"delivered"}
    assert world.hooks.reminder.waiting.read_place() is not None
    # One that comes to its end forgets the place.
    world.clock.advance(seconds=60)
    world.sweep()
    assert world.hooks.reminder.waiting.read_place() is None
    down_until(world, 0)
    world.settle()
    assert states(world, down, *well) == {"delivered"}


def test_sweep_that_cannot_send_leaves_it_to_the_next(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://down.example.com/")
    put_into_index(world, 2)
    world.receiver.answer = lambda _: OK
    world.clock.advance(seconds=400)
    world.watch.gate = lambda call: Way.THROTTLED if call.operation == "send_message_batch" else None
    world.sweep()
    assert not world.queue.messages
    world.watch.gate = None
    world.sweep()
    assert len(world.queue.messages) == 2
    world.settle()
    assert states(world, endpoint) == {"delivered"}


def test_endpoint_that_cannot_be_read_holds_up_no_other(new_hooks: NewHooks) -> None:
    world = new_hooks()
    bad, well = world.endpoint("https://bad.example.com/"), world.endpoint("https://well.example.com/")
    put_into_index(world, 2)
    world.receiver.answer = lambda _: OK
    world.clock.advance(seconds=400)
    reads = []

    def strike(call: Call) -> Way | None:
        if call.operation == "get_item" and bad.endpoint_id in str(call.request):
            reads.append(call)
            return Way.THROTTLED
        return None

    world.watch.gate = strike
    world.sweep()
    world.watch.gate = None
    assert len(reads) == 1
    while world.deliver_next():
        pass
    assert (states(world, well), states(world, bad)) == ({"delivered"}, {"pending"})
    world.settle()
    assert states(world, bad) == {"delivered"}


def test_outbox_is_swept_though_the_index_cannot_be_read(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://well.example.com/")
    world.happen()
    world.clock.advance(seconds=300)
    world.watch.gate = lambda call: Way.THROTTLED if "Waiting" in str(call.request) else None
    with pytest.raises(ServiceUnavailableError):
        world.sweep()
    world.watch.gate = None
    assert len(world.queue.messages) == 1
    world.settle()
    assert states(world, endpoint) == {"delivered"}


def test_what_waits_for_a_deleted_endpoint_leaves_the_index(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://down.example.com/")
    put_into_index(world, 3)
    world.hooks.endpoints.delete_endpoint(world.tenant_id, endpoint.endpoint_id)
    world.clock.advance(seconds=400)
    sent = world.queue.sent
    world.sweep()
    assert (world.waiting(), world.queue.sent) == ([], sent)


def test_what_waits_for_a_disabled_endpoint_fails_and_can_be_delivered_again(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://down.example.com/")
    put_into_index(world, 8)
    world.hooks.endpoints.update_endpoint(world.tenant_id, endpoint.endpoint_id, enabled=False)
    posts = world.receiver.posts
    world.settle()
    assert (states(world, endpoint), world.receiver.posts, world.waiting()) == ({"failed"}, posts, [])
    world.receiver.answer = lambda _: OK
    world.hooks.endpoints.update_endpoint(world.tenant_id, endpoint.endpoint_id, enabled=True)
    assert world.hooks.deliveries.redeliver_failed(world.tenant_id, endpoint.endpoint_id, 0) == (8, False)
    world.settle()
    assert {delivery.state for delivery in world.deliveries(endpoint)} == {DeliveryState.DELIVERED}


def test_delivery_of_a_version_before_the_index_joins_it(new_hooks: NewHooks) -> None:
    """A message of such a version waits by itself, for a delivery that no index lists."""
    world = new_hooks()
    endpoint = world.endpoint("https://down.example.com/")
    put_into_index(world, 1)
    (waiting,) = world.waiting()
    world.hooks.reminder.waiting.drop_waiting(waiting)
    assert world.waiting() == []
    message = Message(world.tenant_id, endpoint.endpoint_id, waiting.delivery_id, waiting.next_attempt_at)
    world.hooks.deliverer.attempt(message)
    assert [each.remind_at for each in world.waiting()] == [waiting.next_attempt_at]
    down_until(world, 0)
    world.settle()
    assert states(world, endpoint) == {"delivered"}
