"""What gives first with 10 000 tenants and 100 M items: a simulation of a night, of the upkeep and of webhooks.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.scale

Nothing is measured: it reckons with what the others measured and with AWS's limits, see `benchmarks.scale.parameters`,
and gives the same numbers each time. docs/scale.md says what follows from them.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.findings import Findings, Table, conclude, parser, readable
from benchmarks.scale import deliveries, nightly, rounds
from benchmarks.scale.parameters import PARAMETERS

_INTRO = """\
Simulated, not measured: a seeded simulation of discrete events, which gives the same numbers each time, at every size.
What it reckons with is in the last table. docs/scale.md says what follows."""


def measure(_arguments: argparse.Namespace) -> Findings:
    """Simulate everything."""
    return Findings("Scale", _INTRO, tables=[_nights(), _rounds(), _deliveries(), _parameters()])


def _nights() -> Table:
    rows = []
    for scenario in nightly.SCENARIOS:
        night = nightly.simulate(scenario)
        rows.append(
            [
                scenario.label,
                f"{len(night.waits):,}",
                f"{night.failed:,}",
                f"{night.most_slots:,}",
                f"{night.ended / 60:,.0f}",
                f"{night.quantile(0.5):,.0f}",
                f"{night.quantile(0.99):,.0f}",
            ]
        )
    heads = ["imports begin", "published", "failed", "executions at most", "last ends, min", "p50 s", "p99 s"]
    return Table(heads, rows, "Nightly imports", "p50 and p99: from the event to the publication, of those published")


def _rounds() -> Table:
    made = [rounds.simulate(*case) for case in rounds.CASES]
    rows = [[f"{each.sources:,} by {each.workers}", f"{each.calls:,}", f"{each.hours:.1f}"] for each in made]
    return Table(["sources, by so many at once", "calls", "hours"], rows, "A round of the upkeep")


def _deliveries() -> Table:
    rows = []
    for scenario in deliveries.SCENARIOS:
        sent = deliveries.simulate(scenario)
        shown = [f"{sent.quantile(share):,.1f}" for share in (0.5, 0.99, 1)]
        rows.append([scenario.label, *shown, f"{sent.ended / 60:,.0f}"])
    heads = ["10,000 events", "p50 s", "p99 s", "longest s", "last ends, min"]
    return Table(heads, rows, "Webhooks of a night", "waits of receivers that are well, from the event to their answer")


def _parameters() -> Table:
    rows = [[each.what, readable(each.value), each.source] for each in PARAMETERS]
    return Table(["parameter", "value", "from"], rows, "What the simulation reckons with")


if __name__ == "__main__":
    options = parser(__doc__).parse_args()
    sys.exit(conclude(measure(options), options))
