"""Tells what holds a source up, and waits until nothing does: see docs/operations/runbook.md.

    python -m operations.sources --stack STACK show ten_... src_...
    python -m operations.sources --stack STACK wait ten_... src_... [--seconds 300]

Answers are lines of JSON. Nothing is changed: everything that holds a source ends by itself.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from operations.stack import DeployedStack, RefusedError, find_stack, tell_lines

_LOOK_SECONDS = 1.0
# An Express execution is named for what it does and for its run; its log has the name.
_EXPRESS = "filter execution_arn like /RUN_ID/ | fields @timestamp, type, details.error, details.cause"

Row = dict[str, Any]


def find_source(stack: DeployedStack, tenant_id: str, source_id: str) -> Row:
    """Read the row of a source. Raises RefusedError when there is none."""
    key = {"pk": {"S": tenant_id}, "sk": {"S": f"source#{source_id}"}}
    catalog = stack.physical("CatalogTable")
    row: Row = stack.client("dynamodb").get_item(TableName=catalog, Key=key, ConsistentRead=True).get("Item", {})
    if not row:
        raise RefusedError(f"tenant {tenant_id} has no source {source_id}")
    return row


def holders(row: Row, now_ms: int) -> Iterator[dict[str, Any]]:
    """What holds a source at a time: `until` (ms) is when that ends by itself, None when work ends it."""
    text, number = _reader("S", row), _reader("N", row)
    lease_until, plan_until = number("leaseExpiresAt"), number("planningUntil")
    if text("leaseRunId") and lease_until > now_ms:
        yield {"holds": "lease", "by": text("leaseRunId"), "until": lease_until, "keepsOut": "applies and restores"}
    if text("planningRunId") and plan_until > now_ms:
        yield {"holds": "turn", "by": text("planningRunId"), "until": plan_until, "keepsOut": "other runs"}
    if text("settleRunId"):
        parts = {"part": number("settledPart"), "steps": number("settledSteps")}
        keeps_out = "publications, which go on with it first"
        yield {"holds": "settling", "by": text("settleRunId"), "until": None, "at": parts, "keepsOut": keeps_out}
    if text("openSnapshotId") and number("openSnapshotExpiresAt") > now_ms:
        until = number("openSnapshotExpiresAt")
        yield {"holds": "snapshot", "by": text("openSnapshotId"), "until": until, "keepsOut": "complete runs"}
    if text("importId"):
        yield {"holds": "import", "by": text("importId"), "until": None, "keepsOut": "later imports, complete runs"}


def show(stack: DeployedStack, tenant_id: str, source_id: str) -> dict[str, Any]:
    """Tell what a source is like, what holds it, and where to read on."""
    row = find_source(stack, tenant_id, source_id)
    held = list(holders(row, time.time_ns() // 1_000_000))
    text = _reader("S", row)
    runs = {each["by"] for each in held if each["by"].startswith("run_")}
    return {
        "tenantId": tenant_id,
        "sourceId": source_id,
        "status": text("status"),
        "generationId": text("generationId"),
        "heldBy": held,
        "queries": [_EXPRESS.replace("RUN_ID", run) for run in sorted(runs)],
    }


def wait(
    stack: DeployedStack,
    tenant_id: str,
    source_id: str,
    seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Wait until neither lease nor turn keeps anybody out. Raises RefusedError when they are still held by then."""
    ends = time.monotonic() + seconds
    while True:
        row = find_source(stack, tenant_id, source_id)
        held = [each for each in holders(row, time.time_ns() // 1_000_000) if each["holds"] in {"lease", "turn"}]
        if not held:
            return {"sourceId": source_id, "heldBy": []}
        if time.monotonic() > ends:
            raise RefusedError(f"still held, so somebody works on it: {json.dumps(held)}")
        sleep(_LOOK_SECONDS)


def _reader(kind: str, row: Row) -> Callable[[str], Any]:
    """Read attributes of a kind: a text or None, a number or 0."""
    if kind == "S":
        return lambda name: row.get(name, {}).get("S")
    return lambda name: int(row.get(name, {}).get("N", 0))


def main() -> int:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in (
        ("show", "tell what holds a source"),
        ("wait", "wait until neither lease nor turn holds it"),
    ):
        command_parser = commands.add_parser(command, help=text)
        command_parser.add_argument("tenant")
        command_parser.add_argument("source")
        if command == "wait":
            command_parser.add_argument("--seconds", type=float, default=300, help="how long, by default 300")
    chosen = parser.parse_args()
    named = (chosen.tenant, chosen.source)
    if chosen.command == "show":
        return tell_lines(lambda: [show(find_stack(chosen.stack), *named)])
    return tell_lines(lambda: [wait(find_stack(chosen.stack), *named, chosen.seconds)])


if __name__ == "__main__":
    sys.exit(main())
