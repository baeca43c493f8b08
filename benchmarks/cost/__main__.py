"""What AWS charges for pushing, publishing, reading and keeping, from what is counted and list prices.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.cost [--size small]

Requests go through the real handlers on Dynoxide, with an Idempotency-Key, so that what authentication, the rate limit
and the record of the answer take is counted with the rest. Samples are carried on to a million: see
`benchmarks.cost.growth`. Items have 2 KB of text.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from knowledge.storage.clients import Clients
from moto import mock_aws

from benchmarks import findings
from benchmarks.cost import standing
from benchmarks.cost.growth import Sample, parts_of, published
from benchmarks.cost.prices import MILLION, Bill, carried_on
from benchmarks.cost.report import Way, report
from benchmarks.cost.scenes import BATCH, EVERY, Scenes, drafts
from benchmarks.cost.till import CountedEdge
from benchmarks.emulators import dynoxide
from benchmarks.findings import Findings
from testing.import_files import line

CHANGES = 1_000
FEW = 1_000
_STAGED_BYTES_A_CALL = 64 * 1_048_576


@dataclass(frozen=True)
class Sizes:
    """How large the samples are; of each pair the larger one has twice as many items."""

    singles: int
    batched: int
    part: int
    imported: int
    loaded: int
    pages: int
    events: int


SIZES = {
    "small": Sizes(singles=5, batched=500, part=500, imported=250, loaded=2_000, pages=2, events=3),
    "usual": Sizes(singles=250, batched=5_000, part=2_500, imported=5_000, loaded=100_000, pages=20, events=20),
    "full": Sizes(singles=1_000, batched=6_000, part=2_500, imported=6_000, loaded=100_000, pages=100, events=50),
}


class Model:
    """Every way of using the API, counted on tables of its own."""

    def __init__(self, edge: CountedEdge, sizes: Sizes) -> None:
        self.edge, self.sizes = edge, sizes
        self.scenes = Scenes(edge)
        # All at once: making items anew for each larger count takes longer than counting.
        drafts(2 * max(sizes.batched, sizes.imported, sizes.singles))

    def ways(self) -> list[Way]:
        """Count them all. The upkeep comes first, while there are no other sources to look after."""
        idle = self._idle()
        changed = self._changed()
        self.further = self.scenes.further_part()
        first, second = (self._batched(self.sizes.batched * times) for times in (1, 2))
        return [
            self._batches(first[1], second[1]),
            self._singles(),
            self._again(second[0]),
            self._snapshot(first[0], second[0]),
            self._import(),
            changed,
            *self._reads(second[0]),
            self._events(),
            *idle,
        ]

    def _idle(self) -> list[Way]:
        rounds = standing.month(self.edge)
        stack = rounds + standing.schedules(self.edge)
        self.scenes.loaded(FEW)
        with_few = standing.month(self.edge)
        self.loaded = self.scenes.loaded(self.sizes.loaded)
        with_many = standing.month(self.edge)
        return [
            Way(f"a month of an idle source of {FEW:,} items", {"upkeep": with_few - rounds}),
            Way(f"a month of an idle source of {self.sizes.loaded:,} items", {"upkeep": with_many - with_few}),
            Way("a month of the stack itself, without sources or requests", {"schedules": stack}),
        ]

    def _changed(self) -> Way:
        sample = self.scenes.change(self.loaded, self.sizes.loaded, CHANGES)
        steps = {"push": sample.pushes, "run": sample.run, "apply": sample.apply}
        return Way(f"{CHANGES:,} changes in a source of {self.sizes.loaded:,}", steps)

    def _batched(self, count: int) -> tuple[str, Sample]:
        source = self.scenes.source()
        pushes = self.scenes.push_in_batches(source, drafts(count))
        return source, Sample(count, pushes, *self.scenes.publish(source))

    def _batches(self, small: Sample, large: Sample) -> Way:
        note = f"pushes counted for {large.count:,} items and scaled by {MILLION / large.count:g}"
        return Way(f"1 M new items in batches of {BATCH:,}", self._steps(small, large), note)

    def _singles(self) -> Way:
        samples = []
        for count in (self.sizes.singles, 2 * self.sizes.singles):
            source = self.scenes.source()
            pushes = self.scenes.push_singly(source, drafts(count))
            samples.append(Sample(count, pushes, *self.scenes.publish(source)))
        note = f"pushes counted for {samples[1].count:,} items and scaled by {MILLION / samples[1].count:g}"
        return Way("1 M new items one by one", self._steps(samples[0], samples[1]), note)

    def _steps(self, small: Sample, large: Sample, every: int = 1) -> dict[str, Bill]:
        run, apply = published(small, large, MILLION, every, self.further)
        return {"pushes": large.pushes * (MILLION / large.count), "run": run, "apply": apply}

    def _again(self, source: str) -> Way:
        count = 2 * self.sizes.batched
        pushes = self.scenes.push_in_batches(source, drafts(count))
        name = f"the same 1 M again, unchanged, in batches of {BATCH:,}"
        return Way(
            name, {"pushes": pushes * (MILLION / count)}, f"counted for {count:,} and scaled by {MILLION / count:g}"
        )

    def _snapshot(self, *sources: str) -> Way:
        """Bring the two sources' items again, 1 % of them changed."""
        samples, ends, part = [], [], self.sizes.part
        for source, times in zip(sources, (1, 2), strict=True):
            count = self.sizes.batched * times
            parts, end = self.scenes.put_snapshot(source, drafts(count, EVERY), part)
            samples.append(Sample(count, parts, *self.scenes.publish(source)))
            ends.append(end)
        small, large = samples
        steps = self._steps(small, large, EVERY)
        steps = {"parts": steps["pushes"], "run": steps["run"], "apply": steps["apply"]}
        end = carried_on(ends[0], ends[1], small.count, large.count, MILLION)
        note = (
            f"parts of {part:,} items; parts counted for {large.count:,} items and scaled by {MILLION / large.count:g}"
        )
        return Way(
            "a snapshot of 1 M in parts, 1 % changed",
            {"parts": steps.pop("parts"), "open, complete": end, **steps},
            note,
        )

    def _import(self) -> Way:
        part, turn = self.scenes.further_turns()
        counts = (self.sizes.imported, 2 * self.sizes.imported)
        lines = [drafts(count) for count in counts]
        few, many = (self.scenes.import_file(self.scenes.source(), each) for each in lines)
        size = sum(len(line(draft)) for draft in lines[1]) * MILLION / counts[1]
        bill = carried_on(few, many, *counts, MILLION)
        bill += part * (parts_of(MILLION) - 1) + turn * (size / _STAGED_BYTES_A_CALL - 1)
        note = f"counted for files of {counts[0]:,} and {counts[1]:,} lines, carried on to {size / 1e9:.1f} GB"
        return Way("an import of 1 M new items, with its run and apply", {"import": bill}, note)

    def _reads(self, source: str) -> list[Way]:
        pages, items = self.scenes.read_pages(source, self.sizes.pages)
        few = drafts(50)
        singles = self.scenes.read_singly(source, few)
        listed = {"reads": pages * (MILLION / items)}
        return [
            Way(
                f"1 M items read from a generation, {items // self.sizes.pages} a page with contents",
                listed,
                f"counted for {items:,} items of a generation of {2 * self.sizes.batched:,}; the leaves of one of a "
                "million lie deeper, for up to two requests more a page",
            ),
            Way(
                "1 M single items read, as they are staged",
                {"reads": singles * (MILLION / len(few))},
                f"counted for {len(few)} items and scaled by {MILLION / len(few):g}",
            ),
        ]

    def _events(self) -> Way:
        count = self.sizes.events
        relayed, delivered = (bill * (MILLION / count) for bill in standing.events(self.edge, count))
        return Way("1 M events told to one webhook each", {"relay": relayed, "delivery": delivered})


def measure(arguments: argparse.Namespace) -> Findings:
    """Count on tables of its own, and make the report."""
    with mock_aws(), dynoxide("cost") as resources:
        # Log lines are written by what is a function of a stack.
        environment = {**resources.environment, "METRICS_NAMESPACE": "cost"}
        with patch.dict(os.environ, environment), redirect_stdout(io.StringIO()):
            edge = CountedEdge(resources, dict(os.environ), clients=Clients())
            return report(Model(edge, SIZES[arguments.size]).ways())


def main() -> int:
    """Run the benchmark."""
    arguments = findings.parser(__doc__).parse_args()
    return findings.conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
