"""One tenant behind the two HTTP functions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from knowledge.storage.clients import Clients

from testing import spec
from testing.edge import Edge, seen
from tests.functional.every_status import EveryStatusSeen, Status


def documented() -> set[Status]:
    """Every status of every operation but the gateway's own: 504, and 429 where no key is counted."""
    return {
        (operation.name, status)
        for operation in spec.operations()
        for status in operation.statuses() - ({504, 429} if operation.open else {504})
    }


def pytest_configure(config: pytest.Config) -> None:
    """Together the functional tests bring up every documented status."""
    config.pluginmanager.register(EveryStatusSeen(Path(__file__).parent, documented, seen))


@pytest.fixture
def edge(aws_moto: Any) -> Edge:
    """The edge on moto, with a tenant, its admin key and a key with every scope."""
    return Edge(aws_moto, dict(os.environ))


@pytest.fixture
def edge_on_dynoxide(dynoxide: Any) -> Edge:
    """The same on Dynoxide, for thousands of items: moto copies its tables for every transaction."""
    return Edge(dynoxide, dict(os.environ), clients=Clients())
