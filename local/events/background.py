"""Everything of a stack that runs without a request, put together."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Protocol

from local.events.asynchronous import AsynchronousInvoker, failure_policies
from local.events.calls import DeadLetters, LineSink, invoker
from local.events.readers import EventSources, MakeClient
from local.events.rules import schedules_of, standing_schedule
from local.events.schedules import Ticker
from local.events.targets import Targets
from local.events.valves import Valve
from local.template import Template
from local.template.resolve import Resolver
from local.workers.functions import Function


class _Part(Protocol):
    def stop(self) -> None: ...


class Background:
    """Asynchronous invocations, targets of rules, schedules, and readers of streams and queues."""

    def __init__(
        self,
        template: Template,
        resolver: Resolver,
        make_client: MakeClient,
        pools: dict[str, Function],
        sink: LineSink,
        *,
        positions: Path,
    ) -> None:
        """Prepare everything, start nothing; TemplateError for what the local stack does not know."""
        dead_letters = DeadLetters(make_client("sqs"), sink)
        self.asynchronous = AsynchronousInvoker(pools, failure_policies(template, resolver), dead_letters, sink)
        self.targets = Targets(self.asynchronous, make_client("stepfunctions"), make_client("sqs"), dead_letters, sink)
        standing = partial(standing_schedule, make_client("events"))
        self.ticker = Ticker(schedules_of(template, resolver), resolver, self.targets.accept, standing=standing)
        self._sources = EventSources(
            template, resolver, make_client, invoker(pools), dead_letters, sink, positions=positions
        )

    @property
    def valves(self) -> dict[str, Valve]:
        """The switches of the event source mappings, by their names."""
        return self._sources.valves

    def start(self) -> None:
        """Begin to read, and to watch the clock."""
        self._sources.start()
        self.ticker.start()

    def stop(self) -> None:
        """Begin nothing more; what is under way ends with the workers."""
        parts: list[_Part] = [self.ticker, self._sources, self.targets, self.asynchronous]
        for part in parts:
            part.stop()
