"""What a benchmark found: figures held against the design's, tables, and curves to plot.

Every benchmark makes one `Findings`, prints it, and keeps it as JSON where `--save` says; `benchmarks.report` makes one
report of all of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

SIZES = ("small", "usual", "full")


@dataclass(frozen=True)
class Figure:
    """A number with the bound that the design sets: at most so much, or at least so much; None asks to state it."""

    what: str
    bound: float | None
    reached: float
    unit: str = ""
    at_least: bool = False
    # A count is the same in every run; a time, or a ratio of times, is not, and CI does not judge it.
    counted: bool = True

    @property
    def share(self) -> float:
        """How much of the bound is taken: 1.0 is the bound itself, above it the figure is missed."""
        if self.bound is None:
            return 0.0
        if self.at_least:
            return self.bound / self.reached if self.reached else float("inf")
        if self.bound:
            return self.reached / self.bound
        return float("inf") if self.reached else 0.0

    @property
    def verdict(self) -> str:
        """In words: met or missed, and by how much."""
        if self.bound is None:
            return "stated"
        if self.bound == 0:
            return "met" if not self.reached else "MISSED"
        percent = abs(1 - self.reached / self.bound) * 100
        how = f"by {percent:.0f} %" if percent >= 1 else "by less than 1 %" if percent else "exactly"
        return f"{'met' if self.share <= 1 else 'MISSED'}, {how}"

    @property
    def row(self) -> list[str]:
        """What, figure, reached, verdict."""
        sign = ">=" if self.at_least else "<="
        unit = f" {self.unit}" if self.unit else ""
        bound = "" if self.bound is None else f"{sign} {readable(self.bound)}{unit}"
        return [self.what, bound, f"{readable(self.reached)}{unit}", self.verdict]


@dataclass(frozen=True)
class Table:
    """Rows of words and numbers, already as they are shown; the first column is text."""

    heads: list[str]
    rows: list[list[str]]
    title: str = ""
    note: str = ""


@dataclass(frozen=True)
class Plot:
    """Curves over one x axis; both axes are logarithmic unless told otherwise."""

    name: str  # The file's, without .svg.
    title: str
    x: str
    y: str
    curves: dict[str, list[tuple[float, float]]]
    linear_y: bool = False


@dataclass(frozen=True)
class Findings:
    """All that one benchmark found."""

    title: str
    intro: str
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Keep it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, path: Path) -> Findings:
        """Read what `save` kept."""
        found = json.loads(path.read_text())
        return cls(
            found["title"],
            found["intro"],
            [Figure(**each) for each in found["figures"]],
            [Table(**each) for each in found["tables"]],
            [Plot(**each) for each in found["plots"]],
        )


def readable(value: float) -> str:
    """Show a number: whole ones with commas, small ones with two decimals, those between with one."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def aligned(table: Table) -> str:
    """Lay a table out for a terminal."""
    rows = [table.heads, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.heads))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
    return "\n".join([*([table.title] if table.title else []), *lines, *([table.note] if table.note else [])])


def parser(description: str | None) -> argparse.ArgumentParser:
    """Make the options that every benchmark has."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--size", choices=SIZES, default="usual", help="how much is measured: small is what CI runs")
    made.add_argument("--save", type=Path, help="keep what was found in this file, as JSON")
    made.add_argument("--counted", action="store_true", help="judge counts alone, 10 %% over is let pass: as CI does")
    return made


def conclude(found: Findings, arguments: argparse.Namespace) -> int:
    """Print what was found and keep it; returns the exit status, 1 when a figure is missed."""
    for table in found.tables:
        print(aligned(table), end="\n\n")
    if found.figures:
        print(aligned(Table(["figure", "bound", "reached", "verdict"], [figure.row for figure in found.figures])))
    if arguments.save:
        found.save(arguments.save)
    tolerance = 1.1 if arguments.counted else 1.0
    judged = [figure for figure in found.figures if figure.counted or not arguments.counted]
    missed = [figure for figure in judged if figure.share > tolerance]
    for figure in missed:
        print(f"MISSED: {figure.what}", file=sys.stderr)
    return 1 if missed else 0
