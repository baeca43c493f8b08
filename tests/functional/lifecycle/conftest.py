"""A source on Dynoxide for each test of the lifecycle; the tables are made once a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from testing.faults import Faults
from testing.import_files import Importing
from testing.lifecycle import Lifecycle, clients_of, settings_of
from testing.resources import Resources
from testing.wire import MemoryBucket, WireDynamoDB
from tests.support.invariants import Reader, Stored, check_history, check_settled


class Checked(Lifecycle):
    """A lifecycle that can be held against the promises at any moment.

    `watch` sees each AWS call; `bucket` is there when it is in memory.
    """

    watch: Faults
    bucket: MemoryBucket

    def check(self, *, settled: bool = False, leaf_entries: int = 32) -> Stored:
        """Read everything and check it; `settled` when the last publication saw all that is staged."""
        reader = Reader(self, leaf_entries)
        stored = reader.read()
        check_history(reader, stored)
        if settled:
            check_settled(stored, self.clock())
        assert not self.watch.puts.overwritten
        return stored


@pytest.fixture(scope="module")
def lifecycle_resources(request: pytest.FixtureRequest, dynoxide_server: Any) -> Iterator[Resources]:
    """Tables on Dynoxide and a bucket on in-process moto. Sources are made anew, so tests don't meet in them."""
    from moto import mock_aws

    name = request.module.__name__.rpartition(".")[2].replace("_", "-")
    resources = Resources(prefix=name, endpoints={"dynamodb": dynoxide_server.url})
    with mock_aws():
        resources.create()
        yield resources
        resources.drop_tables()


@pytest.fixture
def lifecycle(lifecycle_resources: Resources) -> Checked:
    """A source of a tenant, empty, with 7 days of grace."""
    clients = clients_of(lifecycle_resources)
    return _watched(lifecycle_resources, clients.dynamodb, clients.s3)


@pytest.fixture
def lean_lifecycle(lifecycle_resources: Resources) -> Iterator[Checked]:
    """The same without botocore, for what takes thousands of calls."""
    dynamodb = WireDynamoDB(lifecycle_resources.endpoints["dynamodb"])
    bucket = MemoryBucket()
    made = _watched(lifecycle_resources, dynamodb, bucket)
    bucket.clock = made.clock
    made.bucket = bucket
    yield made
    dynamodb.close()


def _watched(resources: Resources, dynamodb: Any, s3: Any) -> Checked:
    watch = Faults()
    made = Checked(settings_of(resources), watch.clients(dynamodb, s3))
    made.watch = watch
    return made


@pytest.fixture
def importing(lean_lifecycle: Checked) -> Importing:
    """The same, for who imports files."""
    return Importing(lean_lifecycle)
