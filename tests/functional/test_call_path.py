"""How many AWS calls in sequence a request waits for in a warm process: counts, no times."""

from __future__ import annotations

import os
from typing import Any

import pytest
from knowledge.storage.clients import Clients

from benchmarks.edge_scenes import Scene, WarmEdge
from benchmarks.meter import CallPath
from testing import spec

_LIMITS = {"whoami": 2, "get_item": 3, "push_item": 6, "push_batch": 6, "remove_item": 6}
_TRIES = 6


@pytest.fixture
def warm(dynoxide: Any) -> WarmEdge:
    """The edge on Dynoxide, its calls side by side as in production, after a first push."""
    edge = WarmEdge(dynoxide, dict(os.environ), clients=Clients())
    item = {"externalItemId": "first", "title": "First", "content": "First"}
    edge.request("POST", f"/v1/sources/{edge.source()}/items", item, headers={"Idempotency-Key": "first"})
    return edge


def _fewest_steps(edge: WarmEdge, path: CallPath, operation: spec.SpecOperation, limit: int) -> list[list[str]]:
    """Send an operation until its path is within the limit, a few times at most.

    A call can't begin before one that it waits for has ended, so no try shows too few steps; a thread that a busy
    machine woke up late can show one too many.
    """
    for number in range(_TRIES):
        reply = Scene(edge, path.reset).send(operation, f"{operation.name}-{number}" if operation.mutating else None)
        assert reply.status < 300, reply.text
        if len(path.steps) <= limit:
            break
    return path.steps


def test_requests_wait_for_no_more_calls_in_sequence_than_they_need(warm: WarmEdge) -> None:
    path = CallPath()
    path.watch(warm.clients.dynamodb, warm.clients.s3)
    documented = {operation.name: operation for operation in spec.operations()}
    found = {name: _fewest_steps(warm, path, documented[name], limit) for name, limit in _LIMITS.items()}
    over = {name: steps for name, steps in found.items() if len(steps) > _LIMITS[name]}
    assert not over
    # The push did all of its work: it wrote, and its answer was recorded.
    assert found["push_item"][-2:] == [["TransactWriteItems"], ["UpdateItem"]]
