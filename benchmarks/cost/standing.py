"""What is billed beside requests: the upkeep of sources that nobody touches, and the events that webhooks tell of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from knowledge.events import RUN_READY
from knowledge.limits import RECHECK_MS
from knowledge.storage.attributes import from_row
from knowledge.times import MS_PER_DAY
from webhooks.assembly import WebhookServices, WebhookSettings
from webhooks.deliveries.schedule import SWEEP_MS
from webhooks.tasks import deliver_webhooks, relay_events

from benchmarks.cost.prices import Bill
from benchmarks.cost.till import CountedEdge
from testing.held_clock import HeldClock
from testing.webhook_world import Receiver

DAYS = 30
_WEEK = RECHECK_MS // MS_PER_DAY
_ROUNDS_A_DAY = 24
_SWEEPS_A_DAY = MS_PER_DAY // SWEEP_MS
_TARGET = "https://hooks.example.com/knowledge"


def month(edge: CountedEdge) -> Bill:
    """A month of daily rounds over all sources, as they are a month after the last change.

    A week is counted: a source in which nothing happens is looked through once in each.
    """
    edge.clock.advance(days=DAYS + 1)
    _rounds(edge, 1)
    return edge.till.bill(lambda: _rounds(edge, _WEEK)) * (DAYS / _WEEK)


def schedules(edge: CountedEdge) -> Bill:
    """A month of the hours in which the upkeep has nothing to do, and of the sweeps that find nothing."""
    upkeep = edge.till.bill(lambda: _tend(edge)) * (DAYS * (_ROUNDS_A_DAY - 1))
    hooks = WebhookServices(WebhookSettings.from_environment(), clients=edge.clients, clock=edge.clock)

    def sweep() -> None:
        with edge.till.invocation("RelayEventsFunction"):
            relay_events(hooks, {}, lambda: 60_000)

    return upkeep + edge.till.bill(sweep) * (DAYS * _SWEEPS_A_DAY)


def events(edge: CountedEdge, count: int) -> tuple[Bill, Bill]:
    """So many events, one at a time: relayed for a tenant with one webhook, and delivered at the first attempt.

    They are of a type that webhooks alone are told of. A publication goes to the bus, too: a call more for up to ten.
    """
    edge.request("POST", "/v1/webhooks", {"url": _TARGET, "events": [RUN_READY]})
    clock = HeldClock(edge.clock.now)
    hooks = WebhookServices(
        WebhookSettings.from_environment(),
        clients=edge.clients,
        clock=clock,
        poster=Receiver(clock),  # type: ignore[arg-type]
    )
    queue = edge.resources.client("sqs")

    def relay(rows: list[dict[str, Any]]) -> None:
        for number, row in enumerate(rows):
            with edge.till.invocation("RelayEventsFunction"):
                record = {"dynamodb": {"SequenceNumber": str(number), "NewImage": row}}
                answer = relay_events(hooks, {"Records": [record]}, lambda: 60_000)
            assert not answer["batchItemFailures"]

    def deliver(rows: list[dict[str, Any]]) -> None:
        for _ in rows:
            (message,) = queue.receive_message(QueueUrl=hooks.settings.queue_url)["Messages"]
            record = {"messageId": message["MessageId"], "body": message["Body"]}
            with edge.till.invocation("DeliverWebhookFunction"):
                answer = deliver_webhooks(hooks, {"Records": [record]})
            assert not answer["batchItemFailures"]
            queue.delete_message(QueueUrl=hooks.settings.queue_url, ReceiptHandle=message["ReceiptHandle"])
            # Lambda's, which receives and deletes for the function.
            edge.till.note(received=2)

    first, *rows = _ready(edge, count + 1)
    # The first one opens the webhook's secret, which a process then knows.
    relay([first])
    deliver([first])
    return edge.till.bill(lambda: relay(rows)), edge.till.bill(lambda: deliver(rows))


def _ready(edge: CountedEdge, count: int) -> Iterator[dict[str, Any]]:
    """The outbox's rows of so many runs of one source that were ready."""
    source = edge.source()
    for number in range(count):
        edge.push(source, f"faq-{number}")
        edge.publish(source)
    catalog = edge.resources.client("dynamodb")
    pages = catalog.get_paginator("scan").paginate(TableName=edge.resources.table_name("CatalogTable"))
    for page in pages:
        for row in page["Items"]:
            plain = from_row(row)
            if plain.get("eventType") == RUN_READY and plain["sourceId"] == source:
                yield row


def _rounds(edge: CountedEdge, days: int) -> None:
    for _ in range(days):
        edge.clock.advance(days=1)
        _tend(edge)


def _tend(edge: CountedEdge) -> None:
    with edge.till.invocation("RunUpkeepFunction"):
        report = edge.services.knowledge.upkeep.go_on(lambda: True)
    assert not report.failed
