"""Tables on Dynoxide for the whole tier; each case has a source and a bucket of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from knowledge.storage import clients as aws

from testing.lifecycle import settings_of
from testing.resources import Resources
from testing.webhook_world import WebhookWorld
from testing.wire import WireDynamoDB
from tests.support.faulty_world import FaultyWorld


def tables(prefix: str, server: Any) -> Iterator[Resources]:
    """The tables of the template, while they are needed."""
    from moto import mock_aws

    resources = Resources(prefix=prefix, endpoints={"dynamodb": server.url})
    with mock_aws():
        resources.create()
    yield resources
    resources.drop_tables()


@pytest.fixture(scope="session")
def fault_tables(dynoxide_server: Any) -> Iterator[Resources]:
    """The tables of all worlds, which are empty sources."""
    yield from tables("faults", dynoxide_server)


@pytest.fixture(scope="session")
def fault_dynamodb(fault_tables: Resources) -> Iterator[WireDynamoDB]:
    """The lean client of those tables."""
    client = WireDynamoDB(fault_tables.endpoints["dynamodb"])
    yield client
    client.close()


@pytest.fixture
def new_world(
    fault_tables: Resources, fault_dynamodb: WireDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., FaultyWorld]:
    """Make a world: an empty source under watch. Waiting between tries takes no time in it."""
    monkeypatch.setattr(aws, "time", SimpleNamespace(sleep=lambda _: None))

    def make(**options: Any) -> FaultyWorld:
        return FaultyWorld(settings_of(fault_tables), fault_dynamodb, **options)

    return make


@pytest.fixture
def hook_tables(dynoxide_server: Any) -> Iterator[Resources]:
    """Tables of the test's own: the sweeps find what belongs to anybody."""
    yield from tables("hooks", dynoxide_server)


@pytest.fixture
def new_hooks(hook_tables: Resources, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., WebhookWorld]]:
    """Make a tenant with webhooks."""
    monkeypatch.setattr(aws, "time", SimpleNamespace(sleep=lambda _: None))
    client = WireDynamoDB(hook_tables.endpoints["dynamodb"])
    yield lambda **options: WebhookWorld(hook_tables.table_name("CatalogTable"), client, **options)
    client.close()
