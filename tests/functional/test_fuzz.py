"""Thousands of hostile requests: each gets an answer of the published shape, and none gets a 5xx.

`FUZZ_CASES` says how many (1 000), `FUZZ_SEED` from which seed on; a failure prints the seed that replays it.
"""

from __future__ import annotations

import json
import logging
import os
from typing import Any

import pytest

from testing import spec
from testing.edge import Edge
from tests.support.hostile_requests import HostileClient

CASES = int(os.environ.get("FUZZ_CASES", "1000"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
A_CLIENT = 500


@pytest.mark.long
@pytest.mark.timeout(0)
def test_no_request_breaks_the_edge(edge_on_dynoxide: Edge, caplog: pytest.LogCaptureFixture) -> None:
    edge = edge_on_dynoxide
    edge.create_machine()
    ids = _ids(edge)
    for first in range(SEED, SEED + CASES, A_CLIENT):
        edge.clock.advance(seconds=60)
        client = HostileClient(first, edge.token, ids)
        for number in range(min(A_CLIENT, SEED + CASES - first)):
            event = client.event()
            replay = f"FUZZ_SEED={first} FUZZ_CASES={A_CLIENT}: request {number} {json.dumps(event)[:2000]}"
            try:
                reply = edge.send(event, check=False)
            except Exception as error:
                pytest.fail(f"{error!r}: {replay}")
            assert reply.status < 500, f"{reply.status} {reply.text}: {replay}"
            assert reply.headers.get("x-request-id") in {"req-1", "unknown"}, replay
            if event["httpMethod"] == "HEAD":
                assert not reply.text, replay
            elif reply.status >= 400:
                shape = "AssistantRefusal" if isinstance(reply.body["error"], dict) else "Error"
                faults = spec.schema_faults({"$ref": f"#/components/schemas/{shape}"}, reply.body)
                assert not faults, f"{faults}: {replay}"
            tracebacks = [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
            assert not tracebacks, f"{tracebacks[0]}: {replay}"
            caplog.clear()


def _ids(edge: Edge) -> dict[str, list[str]]:
    source = edge.source()
    edge.push(source, "faq-1")
    run = edge.run(source)
    generation = edge.apply(source, run).body["generationId"]
    snapshot: Any = edge.request("POST", f"/v1/sources/{edge.source()}/snapshots")
    return {
        "sourceId": [source],
        "runId": [run],
        "generationId": [generation, "current"],
        "snapshotId": [snapshot.body["snapshot"]["id"]],
        "externalItemId": ["faq-1", "a/b", "\u00e9"],
        "partNumber": ["1", "10000"],
    }
