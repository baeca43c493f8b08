"""Starts a reader for every event source mapping of the template."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.events.calls import DeadLetters, Invoke, LineSink
from local.events.mappings import EventSourceMapping, mappings_of
from local.events.queues import QueueReader
from local.events.stream_batches import BatchDelivery
from local.events.streams import Positions, StreamReader
from local.events.valves import Valve
from local.template import Template
from local.template.resolve import Resolver

# How many batches of a queue are worked on at once, if the function has as many workers.
_QUEUE_READERS = 2

MakeClient = Callable[[str], Any]


class EventSources:
    """The running readers of a stack; they end with `stop`, what they have in hand stays for the next start.

    `valves` are the switches of the mappings, by their names.
    """

    def __init__(
        self,
        template: Template,
        resolver: Resolver,
        make_client: MakeClient,
        invoke: Invoke,
        dead_letters: DeadLetters,
        sink: LineSink,
        *,
        positions: Path,
    ) -> None:
        """Prepare the readers; `positions` is the folder that remembers how far the streams were read."""
        self._resolver = resolver
        self._make_client = make_client
        self._invoke = invoke
        self._dead_letters = dead_letters
        self._sink = sink
        self._stopping = threading.Event()
        self._readers: list[threading.Thread] = []
        self.valves: dict[str, Valve] = {}
        for mapping in mappings_of(template, resolver):
            self.valves[resolver.name(mapping.logical_id)] = Valve()
            if mapping.table is not None:
                self._readers.append(self._stream_reader(mapping, mapping.table, positions))
            elif mapping.queue is not None:
                self._readers += [self._queue_reader(mapping, mapping.queue) for _ in range(_QUEUE_READERS)]

    def start(self) -> None:
        """Start reading."""
        for reader in self._readers:
            reader.start()

    def stop(self) -> None:
        """Begin no further call of a function."""
        self._stopping.set()

    def _stream_reader(self, mapping: EventSourceMapping, table: str, positions: Path) -> StreamReader:
        delivery = BatchDelivery(mapping, self._invoke, self._dead_letters, self._sink, self._stopping)
        return StreamReader(
            mapping,
            self._make_client("dynamodbstreams"),
            self._resolver.name(table),
            Positions(positions / f"{mapping.logical_id}.json"),
            delivery,
            self._valve_of(mapping),
        )

    def _queue_reader(self, mapping: EventSourceMapping, queue: str) -> QueueReader:
        client = self._make_client("sqs")
        url = client.get_queue_url(QueueName=self._resolver.name(queue))["QueueUrl"]
        valve = self._valve_of(mapping)
        return QueueReader(mapping, client, url, self._invoke, self._sink, self._stopping, valve)

    def _valve_of(self, mapping: EventSourceMapping) -> Valve:
        return self.valves[self._resolver.name(mapping.logical_id)]
