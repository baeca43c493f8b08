"""Webhooks after a fault at any call: one retry, and all is as if there had been none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from knowledge.errors import KnowledgeError
from webhooks.deliveries.model import DeliveryState
from webhooks.deliveries.queue import Message
from webhooks.deliveries.slots import SLOTS
from webhooks.sending.replies import Reply

from testing.faults import Way
from testing.webhook_world import OK, WebhookWorld
from tests.faults.striking import FAILURES, strike_everywhere

NewHooks = Callable[..., WebhookWorld]


def _relay(world: WebhookWorld, state: dict[str, Any]) -> None:
    world.stream(state["event"])


def _first_message(world: WebhookWorld, _: dict[str, Any]) -> None:
    world.deliver_next()


def _sweep(world: WebhookWorld, _: dict[str, Any]) -> None:
    world.sweep()


def _test_event(world: WebhookWorld, state: dict[str, Any]) -> None:
    world.hooks.deliveries.test(world.tenant_id, state["endpoint"].endpoint_id, state["test"])


def _create(world: WebhookWorld, state: dict[str, Any]) -> None:
    state["issued"] = world.hooks.endpoints.create_endpoint(
        world.tenant_id, url="https://new.example.com/", description=None, event_types=None, source_ids=None,
        enabled=True, endpoint_id=state["new"],
    )  # fmt: skip


def _rotate(world: WebhookWorld, state: dict[str, Any]) -> None:
    state["issued"] = world.hooks.endpoints.rotate_secret(
        world.tenant_id, state["endpoint"].endpoint_id, 60_000, "token"
    )


def _delete(world: WebhookWorld, state: dict[str, Any]) -> None:
    # A repeat that finds it gone is a success, as it is for a client.
    with suppress(KnowledgeError):
        world.hooks.endpoints.delete_endpoint(world.tenant_id, state["doomed"].endpoint_id)


def _redeliver(world: WebhookWorld, state: dict[str, Any]) -> None:
    (delivery,) = world.deliveries(state["endpoint"])
    world.hooks.deliveries.redeliver(world.tenant_id, state["endpoint"].endpoint_id, delivery.delivery_id)


OPERATIONS: dict[str, tuple[Callable[[WebhookWorld, dict[str, Any]], None], str]] = {
    "relay-event": (_relay, ""),
    "deliver": (_first_message, "relayed"),
    "deliver-failing": (_first_message, "relayed failing"),
    "deliver-gone": (_first_message, "relayed gone"),
    "deliver-probing": (_first_message, "relayed probing"),
    "deliver-standing-back": (_first_message, "relayed standing-back"),
    "deliver-slow": (_first_message, "relayed slow"),
    "deliver-without-slot": (_first_message, "relayed crowded"),
    "deliver-due": (_first_message, "relayed waiting sent"),
    "send-due": (_sweep, "relayed waiting"),
    "send-test": (_test_event, ""),
    "create-webhook": (_create, ""),
    "rotate-webhook-secret": (_rotate, ""),
    "delete-webhook": (_delete, ""),
    "redeliver": (_redeliver, "relayed delivered"),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_one_retry_repairs_a_fault_at_any_call(
    name: str, new_hooks: NewHooks, capsys: pytest.CaptureFixture[str]
) -> None:
    request, scene = OPERATIONS[name]
    world, state = _prepared(new_hooks, scene)
    request(world, state)
    calls = list(world.watch.calls)
    _check(world, state, name)

    def strike(number: int, way: Way) -> None:
        world, state = _prepared(new_hooks, scene)
        world.watch.arm(number, way)
        with suppress(*FAILURES):
            request(world, state)
        assert world.watch.fired is not None, "the call was not reached"
        world.watch.disarm()
        with suppress(KnowledgeError):
            request(world, state)
        _check(world, state, name)

    strike_everywhere(name, calls, strike, capsys)


def _prepared(new_hooks: NewHooks, scene: str) -> tuple[WebhookWorld, dict[str, Any]]:
    world = new_hooks()
    state: dict[str, Any] = {"new": world.ids("whk"), "test": world.ids("evt")}
    state["endpoint"] = world.endpoint("https://one.example.com/", source_ids=(f"src_a-{world.tenant_id}",))
    state["doomed"] = world.endpoint("https://two.example.com/", source_ids=("src_nobody's",))
    state["event"] = world.happen()
    if "relayed" in scene:
        world.stream(state["event"])
    if "delivered" in scene:
        world.settle()
    for word, wait_ms in (("probing", 0), ("standing-back", 5_000)):
        if word in scene:
            for _ in range(5):
                world.hooks.endpoint_store.note_failure(
                    state["endpoint"], world.clock(), world.clock() + wait_ms, slow=False
                )
    if "crowded" in scene:
        for number in range(SLOTS):
            message = Message(world.tenant_id, "whk_other", f"dlv_{number}", 0)
            world.hooks.deliverer.slots.take_slot(message, world.clock(), paced=False)
    if "slow" in scene:
        world.receiver.answer = lambda _: replace(OK, latency_ms=13_000)
    if "waiting" in scene:
        world.receiver.answer = lambda _: Reply(500, 10, "", None, None, refused=False)
        while world.deliver_next():
            pass
        world.receiver.answer = lambda _: OK
        world.clock.advance(seconds=400)
    if "sent" in scene:
        world.sweep()
    for word, status in (("failing", 500), ("gone", 410)):
        if word in scene:
            answers = iter([Reply(status, 10, "", None, None, refused=False)] * 2)
            world.receiver.answer = lambda _, answers=answers: next(answers, OK)
    # Opened secrets are kept in memory: a new process opens them anew.
    world.hooks._secrets._opened.clear()
    world.watch.calls.clear()
    return world, state


def _check(world: WebhookWorld, state: dict[str, Any], name: str) -> None:
    """Hold what is stored against what must be true once everything has run its course."""
    for _ in range(2):
        world.clock.advance(seconds=300)
        world.sweep()
        world.settle()
    endpoint = state["endpoint"]
    assert world.receiver.times(endpoint.url, state["event"].event_id), "the event never arrived"
    kept = world.hooks.endpoint_store.list_all(world.tenant_id)
    tally = world.hooks.endpoint_store.catalog.find(world.tenant_id, "webhooks")
    assert tally is not None
    assert tally["count"] == len(kept), "the tally is not the number of endpoints"
    assert len(kept) == {"create-webhook": 3, "delete-webhook": 1}.get(name, 2)
    deliveries = world.deliveries(endpoint)
    assert len(deliveries) == (2 if name == "send-test" else 1)
    now = world.read(endpoint)
    if name == "deliver-gone":
        assert now.disabled is not None
        assert deliveries[0].state is DeliveryState.FAILED
    else:
        assert {delivery.state for delivery in deliveries} == {DeliveryState.DELIVERED}
        assert (now.disabled, now.failures) == (None, 0)
    if name == "send-test":
        assert world.receiver.times(endpoint.url, state["test"])
    if name == "send-due":
        assert len(world.receiver.times(endpoint.url, state["event"].event_id)) == 3
    assert now.slow == (name == "deliver-slow")
    assert (world.waiting(), world.queue.dropped, world.queue.dead) == ([], [], [])
    if name == "redeliver":
        assert len(world.receiver.times(endpoint.url, state["event"].event_id)) >= 2
    if name == "create-webhook":
        stored = world.hooks.endpoints.get_endpoint(world.tenant_id, state["new"])
        assert (stored, state["issued"].endpoint) == (state["issued"].endpoint, stored)
    if name == "rotate-webhook-secret":
        first, second = now.secrets
        assert (
            world.hooks._secrets.unseal_secret(first.sealed, now.tenant_id, now.endpoint_id) == state["issued"].secret
        )
        assert second.sealed == endpoint.secrets[0].sealed
