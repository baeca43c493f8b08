"""All benchmarks, one after the other, and one report of them.

    make bench, make bench-full, or:
    PYTHONPATH=layers/shared:layers/search python -m benchmarks [--size full] [--only publish ...]

Each runs in a process of its own. What it found is kept in .local/benchmarks; the report is made of what is there, so
that one benchmark can be run anew with `--only`. benchmarks/report.md is that of `--size full`; the reports of other
sizes lie beside what was found. Ends with 1 when a figure is missed or a benchmark fails.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.findings import Findings, aligned, parser

BENCHMARKS = (
    *(
        "staging",
        "publish",
        "diff",
        "aged",
        "edge",
        "cold_start",
        "cost",
        "imports",
        "peers",
        "search",
        "answers",
        "local_stack",
        "scale",
    ),
)
FOUND = Path(".local/benchmarks")
REPORT = Path("benchmarks/report.md")


def report_of(size: str) -> Path:
    """Where the report of a size goes: the one that is kept in the repository has all sizes."""
    return REPORT if size == "full" else FOUND / size / "report.md"


def plots_of(size: str) -> Path:
    """Where the plots of a size go."""
    return FOUND / size / "plots"


def main() -> int:
    """Run them."""
    options = parser(__doc__)
    options.add_argument("--only", nargs="+", choices=BENCHMARKS, default=BENCHMARKS)
    arguments = options.parse_args()
    failed = []
    for name in arguments.only:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}", "--size", arguments.size]
        kept = FOUND / arguments.size / f"{name}.json"
        kept.unlink(missing_ok=True)
        # A figure that is missed ends with 1 as well, but is kept.
        subprocess.run([*command, "--save", str(kept)], check=False)
        if not kept.exists():
            failed.append(name)
        print(flush=True)
    folder = FOUND / arguments.size
    found = {name: Findings.load(folder / f"{name}.json") for name in BENCHMARKS if (folder / f"{name}.json").exists()}
    path = arguments.save or report_of(arguments.size)
    if path == REPORT and len(found) < len(BENCHMARKS):
        # The one that is kept tells of all of them.
        path = folder / "report.md"
    report.write(found, path, arguments.size, plots_of(arguments.size))
    print(aligned(report.summary(list(found.values()))))
    print(f"\nThe report: {path}\nIts plots: {plots_of(arguments.size)}")
    for name in failed:
        print(f"error: {name} failed", file=sys.stderr)
    missed = report.missed(list(found.values()))
    for figure in missed:
        print(f"MISSED: {figure.what}", file=sys.stderr)
    return 1 if failed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
