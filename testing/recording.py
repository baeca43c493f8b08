"""Whose AWS calls a test is making: what runs in process is recorded as the function that would run it.

Nothing is recorded unless `RECORD_AWS_CALLS` names a folder, as `make test` does. Calls that no function makes (a
test's own, a service called directly) and calls of threads that a service starts are left out: the local stack's
workers record those.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any

from local.workers.calls import FOLDER, Recorder, watch_clients

_acting: ContextVar[str | None] = ContextVar("acting", default=None)


@contextmanager
def acting(function: str | None) -> Iterator[None]:
    """Make the calls inside those of a function (its logical id), or nobody's."""
    token = _acting.set(function)
    try:
        yield
    finally:
        _acting.reset(token)


def logical_id_of(folder: str) -> str:
    """The logical id of the function in a folder: `diff_run` is `DiffRunFunction`."""
    return "".join(word.capitalize() for word in folder.split("_")) + "Function"


def note_call(service: str, method: str, request: Mapping[str, Any]) -> None:
    """Note a call that did not go through botocore, by its method's name."""
    _note(service, "".join(word.capitalize() for word in method.split("_")), request)


def start_recording() -> None:
    """Watch botocore's clients, and the services that tests call where a function would, if it is asked for."""
    if FOLDER not in os.environ:
        return
    from knowledge.deletions.steps import Deleter
    from knowledge.erasures.steps import Eraser
    from knowledge.generations.restoring import Restorer
    from knowledge.imports.intake import ImportIntake
    from knowledge.upkeep.collecting import Collector
    from knowledge.upkeep.compaction import Compactor
    from knowledge.upkeep.rounds import Upkeep
    from webhooks.deliveries.delivering import Deliverer
    from webhooks.deliveries.queue import DeliveryQueue
    from webhooks.deliveries.reminding import Reminder
    from webhooks.outbox.relaying import Relay

    watch_clients(_note)
    _belongs(Upkeep, "go_on", "RunUpkeepFunction")
    _belongs(Eraser, "go_on", "RunUpkeepFunction")
    _belongs(Eraser, "advance", "RunUpkeepFunction")
    _belongs(Deleter, "go_on", "RunUpkeepFunction")
    _belongs(Collector, "collect_garbage", "RunUpkeepFunction")
    _belongs(Compactor, "compact_source", "RunUpkeepFunction")
    _belongs(ImportIntake, "start_import", "StartImportFunction")
    _belongs(Restorer, "restore_generation", "DeveloperApiFunction")
    _belongs(Relay, "relay", "RelayEventsFunction")
    _belongs(Relay, "sweep", "RelayEventsFunction")
    _belongs(Reminder, "sweep", "RelayEventsFunction")
    _belongs(Deliverer, "attempt", "DeliverWebhookFunction")
    _belongs(Deliverer, "put_off", "DeliverWebhookFunction")
    _belongs(DeliveryQueue, "return_message", "DeliverWebhookFunction")


def _note(service: str, operation: str, request: Mapping[str, Any]) -> None:
    function = _acting.get()
    if function is not None and FOLDER in os.environ:
        _recorder().note(function, service, operation, request)


@cache
def _recorder() -> Recorder:
    return Recorder(os.environ[FOLDER])


def _belongs(service: type, method: str, function: str) -> None:
    work: Callable[..., Any] = getattr(service, method)

    @wraps(work)
    def working(*args: Any, **options: Any) -> Any:
        with acting(function):
            return work(*args, **options)

    setattr(service, method, working)
