"""One report of all benchmarks: every figure with its bound, the machine, the tables, the plots."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from benchmarks.findings import Figure, Findings, Table

FIGURE_HEADS = ["figure", "bound", "reached", "verdict"]
_PACKAGES = ("boto3", "moto", "pydantic", "aws-lambda-powertools")
_INTRO = """\
Made by `make {target}`, which measures everything anew, or by `python -m benchmarks --size {size} --only NAME ...` for
some of it; don't edit it. Tests hold its figures to its tables, its goals to the code, and what is counted to what is
counted today. Curves are drawn into `{plots}/`, which is not kept in the repository.

Counts repeat exactly: calls and bytes are seen at botocore, capacity units are what DynamoDB's emulator reports for
each call. Times are of one machine, named below, and are read as ratios within one run.
"""


def summary(found: list[Findings]) -> Table:
    """Every figure of every benchmark."""
    figures = [figure for each in found for figure in each.figures]
    return Table(FIGURE_HEADS, [figure.row for figure in figures])


def missed(found: list[Findings]) -> list[Figure]:
    """The figures that are over their bounds."""
    return [figure for each in found for figure in each.figures if figure.share > 1]


def introduction(size: str, plots: Path) -> str:
    """Say how the report of a size is made, and where its plots are."""
    return _INTRO.format(target="bench-full" if size == "full" else "bench", size=size, plots=plots.as_posix())


def write(found: dict[str, Findings], path: Path, size: str, plots: Path) -> None:
    """Write the report, and its plots into a folder that nothing else is in."""
    from benchmarks.plots import draw

    shutil.rmtree(plots, ignore_errors=True)
    lines = ["# Benchmarks: what a change costs", "", introduction(size, plots)]
    lines += ["## Figures", "", markdown(summary(list(found.values()))), ""]
    lines += ["## Machine", "", markdown(Table(["what", "is"], machine())), ""]
    for name, each in found.items():
        lines += [f"## {each.title}", "", each.intro, "", f"`python -m benchmarks.{name} --size {size}`", ""]
        for table in each.tables:
            lines += [f"**{table.title}**", ""] if table.title else []
            lines += [markdown(table), "", *([table.note, ""] if table.note else [])]
        for plot in each.plots:
            draw(plot, plots)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines).rstrip() + "\n")


def markdown(table: Table) -> str:
    """Lay a table out as Markdown; the first column is text, the others are aligned to the right."""
    rule = ["---", *["---:"] * (len(table.heads) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (table.heads, rule, *table.rows))


def machine() -> list[list[str]]:
    """Name what everything ran on."""
    facts = [
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / (1 << 30):.0f} GiB"),
        ("system", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        ("Python", platform.python_version()),
        ("packages", ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)),
        ("DynamoDB", f"Dynoxide {_dynoxide()}"),
        ("S3", "moto, in the process that is measured; where processor time is told, its own is taken off"),
    ]
    return [list(fact) for fact in facts]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _dynoxide() -> str:
    from local.emulators.dynoxide import find_dynoxide

    binary = find_dynoxide()
    if binary is None:
        return "is missing"
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout.split()
    return said[-1] if said else "of an unknown version"
