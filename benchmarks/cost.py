"""What AWS charges for pushing and publishing a million items, from calls and units counted on Dynoxide.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.cost [--items 20000]

New items of 2 KB are pushed in batches of 1 000, then run and applied for the first time; each part is counted, and
scaled to a million items at list prices (us-east-1, on demand). Left out is what depends on the machine: the time of
functions, about 1 500 GB-seconds or 0.02 dollars, and storage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from knowledge.assembly import Knowledge
from knowledge.aws import Fanout
from knowledge.ids import new_id
from knowledge.model import RunMode
from moto import mock_aws

from benchmarks.emulators import dynoxide, watched_clients
from benchmarks.meter import Meter
from benchmarks.staging import items
from tests.support.inline_machine import InlineMachine
from tests.support.lifecycle import settings_of

MILLION = 1_000_000
BATCH = 1_000
# Dollars each.
WRITE_UNIT = 0.625 / MILLION
READ_UNIT = 0.125 / MILLION
PUT = 0.005 / 1_000
GET = 0.0004 / 1_000
GATEWAY_REQUEST = 3.50 / MILLION
INVOCATION = 0.20 / MILLION
EXECUTION = 1.00 / MILLION
# What the edge does for each request: authenticate, count it, record its Idempotency-Key and its answer.
EDGE_WRITE_UNITS = 4
EDGE_READ_UNITS = 1
ROW = "{:<34} {:>13} {:>13} {:>9} {:>9} {:>10} {:>10}"


def measured(meter: Meter, label: str, scale: float, requests: int, work: Callable[[], object]) -> float:
    """Do a part of the work, print its row scaled to a million items, and return its dollars."""
    with meter.measuring():
        work()
    writes = meter.write_units * scale + requests * EDGE_WRITE_UNITS
    reads = meter.read_units * scale + requests * EDGE_READ_UNITS
    puts, gets = meter.objects_put * scale, meter.objects_got * scale
    dollars = writes * WRITE_UNIT + reads * READ_UNIT + puts * PUT + gets * GET
    dollars += requests * (GATEWAY_REQUEST + INVOCATION)
    print(
        ROW.format(label, f"{writes:,.0f}", f"{reads:,.0f}", f"{puts:,.0f}", f"{gets:,.0f}", requests, f"{dollars:.2f}")
    )
    return dollars


def main() -> int:
    """Measure on tables of its own."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--items", type=int, default=20_000)
    count = arguments.parse_args().items
    scale = MILLION / count
    with mock_aws(), dynoxide("cost") as resources:
        meter = Meter()
        clients = watched_clients(resources, meter)
        knowledge = Knowledge(settings_of(resources), clients=clients, fanout=Fanout(8), machine=InlineMachine)
        source = knowledge.sources.create(
            "ten_cost", name="cost", grace_days=7, removal_guard=None, source_id=new_id("src")
        )
        drafts = items(count, 0)
        run_id = new_id("run")

        def push() -> None:
            for start in range(0, count, BATCH):
                knowledge.staging.push(source, drafts[start : start + BATCH])

        print(ROW.format("a million items", "write units", "read units", "puts", "gets", "requests", "dollars"))
        total = measured(meter, f"pushed in batches of {BATCH}", scale, MILLION // BATCH, push)
        total += measured(
            meter, "run", scale, 1, lambda: knowledge.runs.create(source, RunMode("incremental"), run_id=run_id)
        )
        total += measured(meter, "apply, with its settling", scale, 1, lambda: knowledge.runs.apply(source, run_id))
        total += 2 * EXECUTION
    print(f"together {total:.2f} dollars, {total / MILLION * 1000:.4f} a thousand items")
    return 0


if __name__ == "__main__":
    sys.exit(main())
