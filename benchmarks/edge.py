"""What a request costs behind the gateway: the AWS calls in sequence of each route, and processor time of a push.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.edge [--rounds 12]

Counted on the real handlers in a warm process, on Dynoxide and moto; calls that are under way together count once.
Routes that start the state machine count its tasks, which run in their place. Processor time of pushes is compared
with the same calls made by bare boto3 clients on a second Dynoxide, in turns. Ends with 1 when a figure is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import boto3
from knowledge.aws import Clients
from moto import mock_aws

from benchmarks.edge_scenes import Scene, WarmEdge
from benchmarks.emulators import dynoxide
from benchmarks.meter import CallPath
from tests.contract import spec

PUSH_STEPS = 6
CPU_FIGURE = 1.5
PUSHES_A_ROUND = 25
ROW = "{:<26} {:>6} {:>6} {:>12} {:>7} {:>8}  {}"


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


def count_routes(edge: WarmEdge) -> bool:
    """Print a row for each operation; say whether the figure of the push is reached."""
    path = CallPath()
    path.watch(edge.clients.dynamodb, edge.clients.s3, edge.services._kms)
    edge.request("GET", "/v1/admin/keys", key=edge.admin)  # Notes the key's use, as the first request in an hour does.
    reached = True
    print(ROW.format("operation", "status", "calls", "in sequence", "figure", "reached", "steps"))
    for operation in spec.operations():
        reply = Scene(edge, path.reset).send(operation, f"bench-{operation.name}" if operation.mutating else None)
        steps = path.steps
        figure, told = "", ""
        if operation.name == "push_item":
            good = reply.status < 300 and len(steps) <= PUSH_STEPS
            reached = reached and good
            figure, told = f"<= {PUSH_STEPS}", "yes" if good else "NO"
        shown = " ".join("|".join(step) for step in steps[:8]) + (" ..." if len(steps) > 8 else "")
        print(ROW.format(operation.name, reply.status, len(path.calls), len(steps), figure, told, shown))
    return reached


def compare_cpu(edge: WarmEdge, recorder: Recorder, bare: Any, rounds: int, *, keyed: bool) -> float:
    """Push items through the handler, make the same calls with a bare client, in turns; print and return the ratio."""
    source = edge.source()
    replay(bare, recorder.take())
    ratios, mine, theirs = [], [], []
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
        if number:  # The first round warms both.
            ratios.append(handler_seconds / bare_seconds)
            mine.append(handler_seconds / PUSHES_A_ROUND * 1000)
            theirs.append(bare_seconds / PUSHES_A_ROUND * 1000)
    ratio = statistics.median(ratios)
    label = "push, Idempotency-Key" if keyed else "push"
    told = "yes" if ratio <= CPU_FIGURE else "NO"
    print(
        f"{label:<26} handler {statistics.median(mine):.2f} ms, bare {statistics.median(theirs):.2f} ms of processor "
        f"time a request: {ratio:.2f} x (figure <= {CPU_FIGURE}, reached: {told})"
    )
    return ratio


def replay(client: Any, calls: list[tuple[str, dict[str, Any]]]) -> float:
    """Make calls again, none of which may be refused; return the processor seconds they took."""
    methods = {name: getattr(client, method) for method, name in client.meta.method_to_api_mapping.items()}
    began = time.process_time()
    for name, params in calls:
        methods[name](**params)
    return time.process_time() - began


def main() -> int:
    """Run the benchmark on tables of its own."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=12, help="rounds of 25 pushes to compare")
    rounds = arguments.parse_args().rounds
    with mock_aws(), dynoxide("edge") as resources, dynoxide("edge") as second:
        os.environ.update(resources.environment)
        clients, recorder = Clients(), Recorder()
        recorder.watch(clients.dynamodb)
        edge = WarmEdge(resources, dict(os.environ), clients=clients)
        make: Any = boto3.client
        bare = make("dynamodb", endpoint_url=second.endpoints["dynamodb"])

        ratios = [compare_cpu(edge, recorder, bare, rounds, keyed=keyed) for keyed in (False, True)]
        print()
        reached = count_routes(edge)
    return 0 if reached and max(ratios) <= CPU_FIGURE else 1


if __name__ == "__main__":
    sys.exit(main())
