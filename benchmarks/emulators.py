"""Tables and a bucket for a benchmark to measure on, and clients whose calls are counted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from knowledge.aws import Clients

from benchmarks.meter import Meter
from local.emulators.dynoxide import Dynoxide, find_dynoxide
from tests.support.resources import Resources

MISSING_TOOL = 4


@contextmanager
def dynoxide(prefix: str) -> Iterator[Resources]:
    """Run a Dynoxide with the template's tables, and moto for the rest; must be inside `mock_aws`."""
    binary = find_dynoxide()
    if binary is None:
        print("Dynoxide is not installed: run `make setup`", file=sys.stderr)
        raise SystemExit(MISSING_TOOL)
    server = Dynoxide(binary)
    try:
        resources = Resources(prefix=prefix, endpoints={"dynamodb": server.url})
        resources.create()
        yield resources
    finally:
        server.stop()


def watched_clients(resources: Resources, meter: Meter) -> Clients:
    """Clients of the tables and the bucket, each call of which the meter counts."""
    clients = Clients()
    clients.dynamodb = resources.client("dynamodb")  # type: ignore[misc]
    clients.s3 = resources.client("s3")  # type: ignore[misc]
    meter.watch(clients.dynamodb, clients.s3)
    return clients
