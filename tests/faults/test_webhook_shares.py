"""What a tenant's receivers may hold of the sender: counted, not timed.

While a post is under way other invocations begin, up to as many as the template lets run at once. So what a slow
receiver keeps from others is seen in the order of posts, and in how many are under way at once.

What would break it, and which test tries it:

- all messages of a slow receiver received before its first answer: the tenant's slots
- a receiver that answers slowly and never fails: one attempt at a time, until it answers quickly
- a tenant with many slow receivers: its own quick one
- a function that dies with slots in hand: their leases
- two messages of one delivery, or two for an endpoint that gets one attempt at a time
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest
from webhooks.deliveries.queue import Message
from webhooks.deliveries.schedule import SLOW_MS
from webhooks.deliveries.slots import LEASE_MS, PACED_SLOTS, SLOTS, DeliveryTakenError, NoSlotError, Slot
from webhooks.sending.replies import Reply

from local.template import load_template
from testing.faults import Call, Crash, Way
from testing.webhook_world import OK, WebhookWorld

NewHooks = Callable[..., WebhookWorld]
SLOW = replace(OK, latency_ms=13_000)
DOWN = Reply(500, 10, "", None, None, refused=False)
INVOCATIONS = 20


@dataclass
class Crowd:
    """Invocations side by side: each post lets others begin before it has its answer."""

    world: WebhookWorld
    answer: Callable[[str], Reply]
    under_way: list[str] = field(default_factory=list)
    most: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> Reply:
        self.under_way.append(url)
        self.order.append(url)
        counts = Counter(self.under_way)
        self.most[url] = max(self.most[url], counts[url])
        self.most["all"] = max(self.most["all"], len(self.under_way))
        while len(self.under_way) < INVOCATIONS and self.world.deliver_visible():
            pass
        self.under_way.remove(url)
        return self.answer(url)


def crowd_of(world: WebhookWorld, answer: Callable[[str], Reply]) -> Crowd:
    """Make the receivers of a world hold up only whom they may."""
    crowd = Crowd(world, answer)
    world.receiver.answer = crowd
    return crowd


@contextmanager
def tenant(world: WebhookWorld, tenant_id: str) -> Iterator[None]:
    """Be another tenant for a while."""
    world.tenant_id, before = tenant_id, world.tenant_id
    yield
    world.tenant_id = before


def test_the_template_lets_as_many_run_as_the_shares_are_of() -> None:
    template = load_template()
    assert template.parameters["WebhookConcurrency"] == INVOCATIONS == 4 * SLOTS


def test_slow_receiver_holds_its_tenants_share_and_no_more(new_hooks: NewHooks) -> None:
    """120 deliveries of 13 s each, and then one of another tenant, with room for 20 at once."""
    world = new_hooks()
    slow = world.endpoint("https://slow.example.com/")
    world.stream(*(world.happen() for _ in range(120)))
    with tenant(world, world.ids("tenant")):
        well = world.endpoint("https://well.example.com/")
        late = world.happen()
        world.stream(late)
    crowd = crowd_of(world, lambda url: SLOW if url == slow.url else OK)
    began = world.clock()
    world.deliver_next()
    assert (crowd.most[slow.url], crowd.most["all"]) == (SLOTS, SLOTS + 1)
    # Nobody answered before it was posted.
    assert crowd.order.index(well.url) == SLOTS
    assert world.receiver.times(well.url, late.event_id) == [began]
    # Since then it is known to be slow: one at a time, and none is lost.
    assert world.read(slow).slow
    crowd.most.clear()
    world.settle()
    assert crowd.most[slow.url] == 1
    assert {delivery.state for delivery in world.deliveries(slow)} == {"delivered"}
    assert Counter(crowd.order) == {slow.url: 120, well.url: 1}
    assert (world.queue.dead, world.queue.dropped) == ([], [])


def test_receiver_that_answers_quickly_again_is_slow_no_more(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://one.example.com/")
    seen = []
    for latency_ms in (SLOW_MS - 1, SLOW_MS, SLOW_MS, SLOW_MS - 1):
        world.receiver.answer = lambda _, latency_ms=latency_ms: replace(OK, latency_ms=latency_ms)  # type: ignore[misc]
        world.stream(world.happen())
        world.settle()
        seen.append(world.read(endpoint).slow)
    assert seen == [False, True, True, False]


def test_receiver_that_hangs_is_slow_at_its_first_failure(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://hung.example.com/")
    world.receiver.answer = lambda _: Reply(None, 15_000, "", None, "timed out", refused=False)
    world.stream(world.happen())
    world.deliver_next()
    assert world.read(endpoint).slow
    world.receiver.answer = lambda _: DOWN
    world.settle()
    assert (world.read(endpoint).slow, world.read(endpoint).failures) == (False, 8)


def test_slow_receivers_leave_their_tenant_slots_for_the_others(new_hooks: NewHooks) -> None:
    world = new_hooks()
    slow = [world.endpoint(f"https://slow-{number}.example.com/", event_types=("run.failed",)) for number in range(10)]
    well = world.endpoint("https://well.example.com/", event_types=("generation.published",))
    for endpoint in slow:
        world.hooks.endpoint_store.note_success(endpoint, slow=True)
    world.stream(world.happen("run.failed"))
    late = world.happen()
    world.stream(late)
    crowd = crowd_of(world, lambda url: OK if url == well.url else SLOW)
    began = world.clock()
    world.deliver_next()
    assert crowd.most["all"] == PACED_SLOTS + 1
    assert world.receiver.times(well.url, late.event_id) == [began]
    world.settle()
    assert {delivery.state for endpoint in slow for delivery in world.deliveries(endpoint)} == {"delivered"}


def test_burst_to_a_quick_receiver_arrives_without_any_sweep(new_hooks: NewHooks) -> None:
    """More messages at once than slots come back by themselves, in seconds."""
    world = new_hooks()
    endpoint = world.endpoint("https://well.example.com/")
    crowd = crowd_of(world, lambda _: OK)
    world.stream(*(world.happen() for _ in range(20)))
    began = world.clock()
    while world.deliver_next():
        pass
    assert (crowd.most["all"], world.sweeps) == (SLOTS, 0)
    assert {delivery.state for delivery in world.deliveries(endpoint)} == {"delivered"}
    assert world.clock() - began < 60_000
    assert world.queue.sent == 20


def test_message_without_a_slot_is_left_to_the_sweep_before_it_is_dead(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://well.example.com/")
    for number in range(SLOTS):
        take(world, f"whk_{number}", f"dlv_{number}")
    world.stream(world.happen())
    began = world.clock()
    slots = world.hooks.deliverer.slots
    while world.queue.messages:
        world.deliver_next()
        for number in range(SLOTS):
            with suppress(NoSlotError, DeliveryTakenError):
                slots.take_slot(message_of(world, f"whk_{number}", f"dlv_{number}"), world.clock(), paced=False)
    assert (world.receiver.posts, world.queue.dead, len(world.waiting())) == (0, [], 1)
    # It came back after 2, 4, 8 and 16 seconds.
    assert world.clock() - began == 30_000
    world.clock.advance(ms=LEASE_MS)
    world.settle()
    assert {delivery.state for delivery in world.deliveries(endpoint)} == {"delivered"}


def message_of(world: WebhookWorld, endpoint_id: str, delivery_id: str) -> Message:
    """A message of the world's tenant."""
    return Message(world.tenant_id, endpoint_id, delivery_id, world.clock())


def take(world: WebhookWorld, endpoint_id: str, delivery_id: str) -> None:
    """Take a slot, as another invocation does."""
    world.hooks.deliverer.slots.take_slot(message_of(world, endpoint_id, delivery_id), world.clock(), paced=False)


def test_slots_of_a_function_that_died_are_free_after_their_lease(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://well.example.com/")

    def die(_: str) -> Reply:
        raise Crash

    world.receiver.answer = die
    world.stream(*(world.happen() for _ in range(SLOTS)))
    for _ in range(SLOTS):
        with suppress(Crash):
            world.deliver_visible()
    with pytest.raises(NoSlotError):
        take(world, "whk_other", "dlv_other")
    world.receiver.answer = lambda _: OK
    world.clock.advance(ms=LEASE_MS)
    take(world, "whk_other", "dlv_other")
    # What it had in hand comes back by itself.
    world.settle()
    assert {delivery.state for delivery in world.deliveries(endpoint)} == {"delivered"}


def test_slot_that_is_taken_by_a_write_whose_answer_was_lost_costs_its_delivery_time_alone(new_hooks: NewHooks) -> None:
    """The client sends the write again, and finds the delivery taken: by itself, which it can't tell."""
    world = new_hooks()
    endpoint = world.endpoint("https://well.example.com/")
    world.stream(world.happen())
    struck: list[Call] = []

    def strike(call: Call) -> Way | None:
        if struck or "delivery_slots" not in str(call.request):
            return None
        struck.append(call)
        return Way.REPEATED

    world.watch.gate = strike
    world.deliver_next()
    assert (len(struck), world.receiver.posts) == (1, 0)
    world.settle()
    assert (world.receiver.posts, {delivery.state for delivery in world.deliveries(endpoint)}) == (1, {"delivered"})


def test_slot_that_ran_out_is_not_freed_for_who_has_it_now(new_hooks: NewHooks) -> None:
    world = new_hooks()
    slots = world.hooks.deliverer.slots
    old = slots.take_slot(message_of(world, "whk_a", "dlv_a"), world.clock(), paced=False)
    world.clock.advance(ms=LEASE_MS)
    new = slots.take_slot(message_of(world, "whk_a", "dlv_a"), world.clock(), paced=False)
    assert new.number == old.number
    slots.free_slot(old)
    with pytest.raises(DeliveryTakenError):
        take(world, "whk_a", "dlv_a")
    slots.free_slot(new)
    take(world, "whk_a", "dlv_a")


def test_delivery_has_one_slot_wherever_it_was_free(new_hooks: NewHooks) -> None:
    """The second message looks at another slot than the one that the first had to take."""
    world = new_hooks()
    slots = world.hooks.deliverer.slots

    def take_for(delivery_id: str) -> Slot:
        return slots.take_slot(message_of(world, "whk_a", delivery_id), world.clock(), paced=False)

    wanted = take_for("dlv_a")
    slots.free_slot(wanted)
    # One that looks at the same slot first.
    for number in range(99):
        rival = take_for(f"dlv_{number}")
        if rival.number == wanted.number:
            break
        slots.free_slot(rival)
    assert take_for("dlv_a").number != rival.number
    slots.free_slot(rival)
    with pytest.raises(DeliveryTakenError):
        take_for("dlv_a")


def test_attempt_that_outlived_its_lease_changes_nothing_after_the_next_one(new_hooks: NewHooks) -> None:
    """A function that was paused while it posted: another one made the attempt meanwhile."""
    world = new_hooks()
    endpoint = world.endpoint("https://well.example.com/")
    world.stream(world.happen())

    def paused(_: str) -> Reply:
        world.receiver.answer = lambda _: OK
        world.clock.advance(seconds=200)
        world.deliver_next()
        return DOWN

    world.receiver.answer = paused
    world.deliver_next()
    (delivery,) = world.deliveries(endpoint)
    assert (delivery.state, [attempt.status for attempt in delivery.attempts]) == ("delivered", [204])
    assert not world.queue.messages


def test_copies_of_a_message_make_one_attempt(new_hooks: NewHooks) -> None:
    world = new_hooks()
    world.endpoint("https://well.example.com/")
    world.stream(world.happen())
    (kept,) = world.queue.messages.values()
    for copy in ("90", "91", "92"):
        world.queue.messages[copy] = replace(kept)
    crowd = crowd_of(world, lambda _: OK)
    world.settle()
    assert (world.receiver.posts, crowd.most["all"], world.queue.messages) == (1, 1, {})


def test_two_messages_for_an_endpoint_that_fails_make_one_attempt_at_a_time(new_hooks: NewHooks) -> None:
    world = new_hooks()
    endpoint = world.endpoint("https://hung.example.com/")
    for _ in range(5):
        world.hooks.endpoint_store.note_failure(endpoint, world.clock(), 0, slow=False)
    world.stream(*(world.happen() for _ in range(4)))
    crowd = crowd_of(world, lambda _: DOWN)
    world.deliver_next()
    assert (crowd.most["all"], world.receiver.posts) == (1, 1)
    # Those that had no turn wait for the sweep, and so does the one that failed.
    assert (len(world.waiting()), world.queue.messages) == (4, {})
