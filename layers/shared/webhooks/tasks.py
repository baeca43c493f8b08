"""What the functions of webhooks are called with, and what they answer: the items that are to come again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from knowledge.errors import KnowledgeError
from knowledge.events import event_from
from knowledge.storage.attributes import from_row
from telemetry.lines import write_line

from webhooks.assembly import WebhookServices
from webhooks.deliveries.queue import Message
from webhooks.deliveries.slots import DeliveryTakenError, NoSlotError

if TYPE_CHECKING:
    from webhooks.deliveries.delivering import Deliverer

_SPARE_MS = 10_000
_FOR_OUTBOX_MS = 40_000

# How often a message comes back at once for want of a slot; then its delivery is left to the sweep.
_RETURNS = 4


def relay_events(
    webhooks: WebhookServices, event: Mapping[str, Any], remaining_ms: Callable[[], int]
) -> dict[str, Any]:
    """Relay the outbox rows of stream records; an event without records is the schedule's, and asks for the sweeps.

    Answers `{"batchItemFailures": [...]}` with the first record that failed, from which the stream goes on; records
    after it that were relayed are recognised.
    """
    if "Records" not in event:
        return _sweep(webhooks, remaining_ms)
    events = {}
    for record in event["Records"]:
        change = record["dynamodb"]
        events[change["SequenceNumber"]] = event_from(from_row(change["NewImage"]))
    failed = {each.event_id for each in webhooks.relay.relay(list(events.values()))}
    return _failures([number for number, each in events.items() if each.event_id in failed][:1])


def _sweep(webhooks: WebhookServices, remaining_ms: Callable[[], int]) -> dict[str, Any]:
    """Both sweeps; what stops the one stops not the other."""
    try:
        reminded = webhooks.reminder.sweep(lambda: remaining_ms() > _FOR_OUTBOX_MS)
    except Exception:
        webhooks.relay.sweep(lambda: remaining_ms() > _SPARE_MS)
        raise
    return {"reminded": reminded, "swept": webhooks.relay.sweep(lambda: remaining_ms() > _SPARE_MS)}


def deliver_webhooks(webhooks: WebhookServices, event: Mapping[str, Any]) -> dict[str, Any]:
    """Attempt the deliveries of a batch of messages side by side, so that a slow receiver holds up no other.

    Answers `{"batchItemFailures": [...]}` with the messages that are to come back.
    """
    records: Sequence[Mapping[str, Any]] = event["Records"]
    # Made here: two threads at once would each make their own.
    deliverer = webhooks.deliverer

    def failed(record: Mapping[str, Any]) -> bool:
        try:
            return _comes_back(deliverer, record)
        except (KnowledgeError, ClientError, BotoCoreError) as error:
            write_line("delivery_postponed", level="WARNING", exc_info=error, message_id=record["messageId"])
            return True
        except Exception as error:
            # It comes back as well, and ends in the dead-letter queue.
            write_line("delivery_broken", level="ERROR", exc_info=error, message_id=record["messageId"])
            return True

    with ThreadPoolExecutor(max(1, len(records))) as pool:
        outcomes = list(pool.map(failed, records))
    return _failures([record["messageId"] for record, bad in zip(records, outcomes, strict=True) if bad])


def _comes_back(deliverer: Deliverer, record: Mapping[str, Any]) -> bool:
    """Do what a message asks; tell whether it comes back, because its tenant has as many posts under way as it may.

    The same message comes back: a new one would make the chain through the queue longer, which Lambda ends.
    """
    message = Message.read(record["body"])
    try:
        deliverer.attempt(message)
    except NoSlotError:
        received = int(record["attributes"]["ApproximateReceiveCount"])
        if received > _RETURNS:
            deliverer.put_off(message)
            return False
        deliverer.queue.return_message(record["receiptHandle"], int(2**received * (0.5 + deliverer.chance())))
        return True
    except DeliveryTakenError:
        # Whoever has it may have died.
        return True
    return False


def _failures(identifiers: Sequence[str]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": each} for each in identifiers]}
