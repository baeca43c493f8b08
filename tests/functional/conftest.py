"""One tenant behind the two HTTP functions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from knowledge.storage.clients import Clients
from webhooks.deliveries.model import WEBHOOK_TEST
from webhooks.endpoints.model import EventType

from testing import spec
from testing.edge import Edge, seen
from testing.told_events import EventWatch
from tests.functional.every_status import EveryStatusSeen, Status

_watch = EventWatch(lambda event_type: seen.add(("event", event_type)))


def documented() -> set[Status]:
    """Every event, and every status of every operation but the gateway's own: 504, and 429 where no key is counted."""
    statuses: set[Status] = {
        (operation.name, status)
        for operation in spec.operations()
        for status in operation.statuses() - ({504, 429} if operation.open else {504})
    }
    # That a webhook was disabled takes days of failures: tests/faults/test_webhooks.py holds it against its schema.
    told = {*EventType, WEBHOOK_TEST} - {EventType.WEBHOOK_DISABLED}
    return statuses | {("event", str(event_type)) for event_type in told}


def pytest_configure(config: pytest.Config) -> None:
    """Together the functional tests bring up every documented status, and every event."""
    config.pluginmanager.register(EveryStatusSeen(Path(__file__).parent, documented, seen))


@pytest.fixture(autouse=True)
def told() -> Iterator[None]:
    """Hold every event against its schema. Elsewhere tests make events of their own, of which nothing is read."""
    with _watch.on():
        yield


@pytest.fixture
def edge(aws_moto: Any) -> Edge:
    """The edge on moto, with a tenant, its admin key and a key with every scope."""
    return Edge(aws_moto, dict(os.environ))


@pytest.fixture
def edge_on_dynoxide(dynoxide: Any) -> Edge:
    """The same on Dynoxide, for thousands of items: moto takes longer for each."""
    return Edge(dynoxide, dict(os.environ), clients=Clients())
