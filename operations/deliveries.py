"""Finds deliveries of webhooks that are overdue, and has them sent: see docs/operations/runbook.md.

    python -m operations.deliveries --stack STACK overdue [--minutes 10]
    python -m operations.deliveries --stack STACK sweep

Answers are lines of JSON. A sweep may be repeated, and run beside the schedule's own.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from operations.stack import DeployedStack, find_stack, tell_lines

_SHARDS = 8
# A sweep that ran out of time goes on at the next call.
_SWEEPS = 20


def overdue(stack: DeployedStack, minutes: float) -> Iterator[dict[str, Any]]:
    """Count by webhook what the sweep should have sent so many minutes ago, the most of it first."""
    before = time.time_ns() // 1_000_000 - int(minutes * 60_000)
    counts, oldest = Counter[tuple[str, str]](), dict[tuple[str, str], int]()
    for shard in range(_SHARDS):
        for page in (
            stack.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=stack.physical("CatalogTable"),
                IndexName="Waiting",
                KeyConditionExpression="waiting = :shard AND remindAt < :before",
                ExpressionAttributeValues={":shard": {"S": f"{shard}"}, ":before": {"N": f"{before}"}},
            )
        ):
            for row in page["Items"]:
                whose = (row["tenantId"]["S"], row["pk"]["S"])
                counts[whose] += 1
                oldest.setdefault(whose, int(row["remindAt"]["N"]))
    for (tenant, webhook), count in counts.most_common():
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(oldest[tenant, webhook] / 1000))
        yield {"tenantId": tenant, "webhookId": webhook, "overdue": count, "since": since}


def sweep(stack: DeployedStack) -> Iterator[dict[str, Any]]:
    """Do what the schedule does every minute, until there is nothing to send."""
    for _ in range(_SWEEPS):
        answer: dict[str, Any] = stack.invoke("RelayEventsFunction", {})
        yield answer
        if not answer["reminded"] and not answer["swept"]:
            return


def main() -> int:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    commands = parser.add_subparsers(dest="command", required=True)
    finding = commands.add_parser("overdue", help="count what should have been sent")
    finding.add_argument("--minutes", type=float, default=10, help="how late it is at least, by default 10")
    commands.add_parser("sweep", help="send it")
    chosen = parser.parse_args()
    if chosen.command == "overdue":
        return tell_lines(lambda: overdue(find_stack(chosen.stack), chosen.minutes))
    return tell_lines(lambda: sweep(find_stack(chosen.stack)))


if __name__ == "__main__":
    sys.exit(main())
