"""The sweep of waiting deliveries: sends a message for each whose turn comes before the next sweep.

    read what is due -> send messages -> note for each that it was sent

Retries are not sent on by the function that attempts them, since Lambda ends a chain of messages through one queue
after 16 rounds. A crash between sending and noting sends another message, which finds its delivery done, not due or
under way; so does a second sweep at the same time. A sweep that runs out of time says where it stopped, and the next
one begins there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from botocore.exceptions import ClientError
from knowledge.errors import KnowledgeError
from knowledge.ports import Clock, HasTime
from telemetry.lines import write_line

from webhooks.deliveries.queue import BATCH, DeliveryQueue, Message
from webhooks.deliveries.rows import WAITING, waiting_shard
from webhooks.deliveries.schedule import OVERDUE_MS, SWEEP_MS, Turns
from webhooks.deliveries.waiting import Waiting, WaitingStore
from webhooks.endpoints.store import EndpointStore


@dataclass(frozen=True, slots=True)
class Reminder:
    """Sends messages for deliveries that wait."""

    endpoints: EndpointStore
    waiting: WaitingStore
    queue: DeliveryQueue
    clock: Clock

    def sweep(self, has_time: HasTime) -> int:
        """Send what comes due before the next sweep, while there is time; returns how many messages that were."""
        began = place = self.waiting.read_place()
        round_ = _Round(self, self.clock())
        for waiting in self._all(began, round_.now + SWEEP_MS):
            if not has_time():
                break
            round_.look_at(waiting)
            place = waiting
        else:
            place = None
        round_.send()
        if place != began:
            self.waiting.keep_place(place)
        return round_.sent

    def _all(self, place: Waiting | None, before: int) -> Iterator[Waiting]:
        """Everything that is due, once around from where the last sweep stopped."""
        first = 0 if place is None else WAITING.index(waiting_shard(place.endpoint_id))
        shards = (*WAITING[first:], *WAITING[:first])
        if place is not None:
            yield from self.waiting.list_due(shards[0], before, place)
            shards = (*shards[1:], shards[0])
        for shard in shards:
            yield from self.waiting.list_due(shard, before)


@dataclass(slots=True)
class _Round:
    """One sweep: what turns each endpoint has had, and what is to be sent."""

    reminder: Reminder
    now: int
    sent: int = 0
    turns: dict[str, Turns | None] = field(default_factory=dict)
    chosen: list[tuple[Waiting, int]] = field(default_factory=list)

    def look_at(self, waiting: Waiting) -> None:
        """Choose a delivery if its endpoint has a turn for it; an endpoint that can't be read has none now."""
        try:
            turns = self._turns_of(waiting)
            if turns is None:
                self.reminder.waiting.drop_waiting(waiting)
                return
        except (KnowledgeError, ClientError) as error:
            write_line("reminders_failed", level="ERROR", exc_info=error, webhook_id=waiting.endpoint_id)
            return
        at = turns.take(waiting.next_attempt_at)
        if at is not None:
            self.chosen.append((waiting, at))
        if len(self.chosen) == BATCH:
            self.send()

    def _turns_of(self, waiting: Waiting) -> Turns | None:
        """The turns of an endpoint in this sweep, None when it is gone."""
        if waiting.endpoint_id not in self.turns:
            self.turns[waiting.endpoint_id] = Turns(self.now, self.now, 0)
            endpoint = self.reminder.endpoints.find_endpoint(waiting.tenant_id, waiting.endpoint_id)
            self.turns[waiting.endpoint_id] = None if endpoint is None else Turns.of(endpoint, self.now)
        return self.turns[waiting.endpoint_id]

    def send(self) -> None:
        """Send what was chosen; what can't be sent now is the next sweep's."""
        chosen, self.chosen = self.chosen, []
        messages = [Message(each.tenant_id, each.endpoint_id, each.delivery_id, at) for each, at in chosen]
        try:
            self.reminder.queue.send(messages, self.reminder.clock())
            for waiting, at in chosen:
                self.reminder.waiting.note_sent(waiting, at + OVERDUE_MS)
        except (KnowledgeError, ClientError) as error:
            write_line("reminders_failed", level="ERROR", exc_info=error)
            return
        self.sent += len(chosen)
