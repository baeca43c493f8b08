"""What a request costs behind the gateway: the AWS calls in sequence of each route, and processor time of a push.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.edge [--size full]

Counted on the real handlers in a warm process, on Dynoxide and moto; calls that are under way together count once.
Routes that start the state machine count its tasks, which run in their place. Processor time of pushes is compared
with the same calls made by bare boto3 clients on a second Dynoxide, in turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import boto3
from knowledge.storage.clients import Clients
from moto import mock_aws

from benchmarks.edge_scenes import Scene, WarmEdge
from benchmarks.emulators import dynoxide, twin_tables
from benchmarks.findings import Figure, Findings, Table, conclude, parser
from benchmarks.meter import CallPath
from testing import spec

PUSH_STEPS = 6
CPU_FIGURE = 1.5
PUSHES_A_ROUND = 25
ROUNDS = {"small": 2, "usual": 12, "full": 24}
STEPS_SHOWN = 8


@dataclass
class Recorder:
    """Remembers calls with what they were given, so that they can be made again elsewhere."""

    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def watch(self, client: Any) -> None:
        """Remember the calls of a client from now on."""
        client.meta.events.register_first("provide-client-params.*.*", self._remember)

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what was remembered, and forget it."""
        made, self.made = self.made, []
        return made

    def _remember(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.made.append((model.name, params))


def count_routes(edge: WarmEdge) -> tuple[Table, int]:
    """Send documented operations in a warm process: a table of their calls, and how many a push makes in sequence."""
    path = CallPath()
    path.watch(edge.clients.dynamodb, edge.clients.s3, edge.clients.kms)
    edge.request("GET", "/v1/whoami")  # Notes the key's use, as the first request in an hour does.
    rows, pushing = [], 0
    for operation in spec.keyed():
        path.pause()
        reply = Scene(edge, path.reset).send(operation, f"bench-{operation.name}" if operation.mutating else None)
        steps = path.steps
        assert reply.status < 300, reply.text
        if operation.name == "push_item":
            pushing = len(steps)
        shown = " ".join("+".join(step) for step in steps[:STEPS_SHOWN]) + (" ..." if len(steps) > STEPS_SHOWN else "")
        rows.append([operation.name, str(reply.status), str(len(path.calls)), str(len(steps)), shown])
    heads = ["operation", "status", "calls", "in sequence", "which"]
    return Table(heads, rows, note="Calls joined by + are under way together."), pushing


def judged(push_steps: int, ratios: Mapping[str, float]) -> list[Figure]:
    """Hold the calls in sequence of a push, and processor time over that of bare calls, against their figures."""
    return [
        Figure("one warm item push with Idempotency-Key: AWS calls in sequence", PUSH_STEPS, push_steps, "calls"),
        *(
            Figure(f"warm handler CPU of {what}", CPU_FIGURE, ratio, "x bare calls", counted=False)
            for what, ratio in ratios.items()
        ),
    ]


def compare_cpu(
    edge: WarmEdge, recorder: Recorder, bare: Any, rounds: int, *, keyed: bool
) -> list[tuple[float, float]]:
    """Push items through the handler, make the same calls with a bare client, in turns: seconds a request of each."""
    source = edge.source()
    replay(bare, recorder.take())
    measured = []
    for number in range(rounds + 1):
        began = time.process_time()
        for each in range(PUSHES_A_ROUND):
            name = f"doc-{keyed}-{number}-{each}"
            headers = {"Idempotency-Key": name} if keyed else None
            item = {"externalItemId": name, "title": "Refunds", "content": "Refunds take 14 days. " * 90}
            reply = edge.request("POST", f"/v1/sources/{source}/items", item, headers=headers, check=False)
            assert reply.status == 201, reply.text
        handler_seconds = time.process_time() - began
        bare_seconds = replay(bare, recorder.take())
        measured.append((handler_seconds / PUSHES_A_ROUND, bare_seconds / PUSHES_A_ROUND))
    return measured[1:]  # The first round warms both.


def replay(client: Any, calls: list[tuple[str, dict[str, Any]]]) -> float:
    """Make calls again, none of which may be refused; return the processor seconds they took."""
    methods = {name: getattr(client, method) for method, name in client.meta.method_to_api_mapping.items()}
    began = time.process_time()
    for name, params in calls:
        methods[name](**params)
    return time.process_time() - began


def measure(arguments: argparse.Namespace) -> Findings:
    """Measure on tables of its own."""
    rounds = ROUNDS[arguments.size]
    with (
        mock_aws(),
        dynoxide("edge") as resources,
        twin_tables("edge") as second,
        patch.dict(os.environ, resources.environment),
    ):
        clients, recorder = Clients(), Recorder()
        recorder.watch(clients.dynamodb)
        edge = WarmEdge(resources, dict(os.environ), clients=clients)
        make: Any = boto3.client
        bare = make("dynamodb", endpoint_url=second.endpoints["dynamodb"])
        rows, ratios = [], {}
        for keyed in (False, True):
            measured = compare_cpu(edge, recorder, bare, rounds, keyed=keyed)
            what = "a push with Idempotency-Key" if keyed else "a push"
            ratios[what] = statistics.median(mine / theirs for mine, theirs in measured)
            times = [statistics.median(each) * 1000 for each in zip(*measured, strict=True)]
            rows.append([what, *(f"{each:.2f}" for each in (*times, ratios[what]))])
        routes, pushing = count_routes(edge)
    return Findings(
        title="Requests",
        intro="Behind the gateway, in a warm process: which calls a request waits for, and processor time of a push "
        "beside the same calls made by bare clients.",
        figures=judged(pushing, ratios),
        tables=[Table(["processor time a request", "handler ms", "bare ms", "ratio"], rows), routes],
    )


def main() -> int:
    """Run the benchmark."""
    arguments = parser(__doc__).parse_args()
    return conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
