"""What publishing k changed of N rows takes, here and with Delta and Lance: same rows, same machine, one run.

    PYTHONPATH=layers/shared python -m benchmarks.peers [--size small|usual|full] [--save FILE]

Needs `pip install -e '.[bench]'` and Linux. Each step is a process of its own. The systems change the same table one
time after the other: 1, then 100, then 10 000 rows that are spread over the keys; after each, what the table holds and
what the comparison of the two versions names are checked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from argparse import Namespace
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import findings
from benchmarks.findings import Findings, Plot, Table, readable
from benchmarks.peers.effort import Effort
from benchmarks.peers.verdict import (
    MEASURES,
    NAMES,
    Cell,
    bytes_ratios,
    growth,
    judged,
    objects_ratio,
    who_did_with_least,
)

ROWS = {"small": (10_000,), "usual": (10_000, 100_000), "full": (10_000, 100_000, 1_000_000)}
CHANGES = {"small": (1, 100), "usual": (1, 100, 10_000), "full": (1, 100, 10_000)}
PEERS = ("deltalake", "lancedb")
MISSING_TOOL = 4
INTRO = """\
Each system holds N rows of some 500 bytes of text by key. Then k of them, spread over the keys, get new contents in one
change that is published as a new version, and the two versions are compared by key. Delta merges by key with the
change data feed on, Zstandard, and a source that is not streamed, so that files are pruned by its keys; Lance does
`merge_insert` with a BTREE index on the key and stable row ids, and names changed rows by the version that each row
carries. Here the rows are pushed in batches of 1 000, then comes a run and its apply; generations are compared by
their indexes. The peers' one step has no staging set and no reviewable run: what ours writes twice, once as staged
rows and once as contents of the run, they write once, and that is what a review before publishing costs.
Nothing is searched by words here, since the peers keep no such index: what ours adds is told under Search.

CPU is user and system time of all threads of the one process that does the work, warm: it has changed one row before.
For this project that is every task of the state machine and botocore for DynamoDB; the database is an emulator in a
process of its own, told apart below, and objects are plain files, as the peers' are (no S3 client, no HTTP). Written
bytes are files that are new or were written anew, and for this project the requests to DynamoDB besides. Read bytes
are what the process read from files, from the page cache too, and DynamoDB's answers. Neither Step Functions nor
Lambda nor the HTTP edge is in it. What each puts off is not in it either, but for Lance's `optimize`: this project
compacts packs and collects what nothing names, Delta vacuums."""


@dataclass
class Measured:
    """Everything that one run found."""

    cells: list[Cell] = field(default_factory=list)
    # By system and rows: the first load, and the upkeep after the last change.
    loads: dict[tuple[str, int], Effort] = field(default_factory=dict)
    upkeep: dict[tuple[str, int], Effort] = field(default_factory=dict)


def measure(arguments: Namespace) -> Findings:
    """Take every step of every system."""
    versions = _versions()
    measured = Measured()
    for items in ROWS[arguments.size]:
        for system in NAMES:
            with tempfile.TemporaryDirectory(prefix="peers-") as folder, _surroundings(system) as environment:
                _measure_table(measured, system, items, CHANGES[arguments.size], _Child(Path(folder), environment))
    return found_of(measured, arguments.size, versions)


def found_of(measured: Measured, size: str, versions: str) -> Findings:
    """Make tables, figures and plots of what was measured."""
    again = f"Repeat it with `PYTHONPATH=layers/shared python -m benchmarks.peers --size {size}`; {versions}."
    grown = growth(measured.cells)
    tables = [
        *(_table_of(measured, items, again) for items in sorted({cell.items for cell in measured.cells})),
        who_did_with_least(measured.cells),
        *([grown] if grown else []),
        _loads_table(measured),
        _ours_table(measured),
    ]
    plots = _plots(measured.cells) if grown else []
    figures = judged(objects_ratio(measured.cells), bytes_ratios(measured.cells))
    return Findings("Against Delta and Lance", INTRO, figures, tables, plots)


@dataclass(frozen=True)
class _Child:
    """Runs steps on one table, each in a process of its own."""

    folder: Path
    environment: dict[str, str]

    def step(self, system: str, step: str, items: int, changes: int = 1) -> list[Effort]:
        """Take one step; a step that fails ends the benchmark."""
        print(f"{NAMES[system]}, {items:,} rows: {step} {changes:,}", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", "benchmarks.peers.child", system, step, "--folder", str(self.folder / "table")]
        command += ["--items", str(items), "--changes", str(changes)]
        done = subprocess.run(
            command, env={**os.environ, **self.environment}, stdout=subprocess.PIPE, text=True, check=True
        )
        return [Effort(**effort) for effort in json.loads(done.stdout.splitlines()[-1])]


def _measure_table(measured: Measured, system: str, items: int, all_changes: tuple[int, ...], child: _Child) -> None:
    [measured.loads[system, items]] = child.step(system, "load", items, items)
    for changes in all_changes:
        change, compare = child.step(system, "change", items, changes)
        measured.cells.append(Cell(system, items, changes, change, compare))
    if system == "lance" and len(all_changes) > 2:
        [measured.upkeep[system, items]] = child.step(system, "tidy", items)


def _surroundings(system: str) -> AbstractContextManager[dict[str, str]]:
    """What must run beside a system; yields the environment of its steps."""
    if system != "ours":
        return nullcontext({})
    from benchmarks.peers.ours import database

    return database()


def _versions() -> str:
    try:
        return ", ".join(f"{package} {version(package)}" for package in PEERS)
    except PackageNotFoundError as error:
        print(f"{error.name} is not installed: run `pip install -e '.[bench]'`", file=sys.stderr)
        raise SystemExit(MISSING_TOOL) from error


def _table_of(measured: Measured, items: int, note: str) -> Table:
    heads = [
        "system",
        "rows changed",
        "kB written",
        "objects written",
        "CPU ms",
        "peak MB",
        "comparing: CPU ms",
        "kB read",
    ]
    rows = [
        [
            NAMES[cell.system],
            readable(cell.changes),
            _thousands(MEASURES["bytes written"](cell)),
            readable(cell.change.files_written),
            _thousandths(cell.change.cpu_seconds),
            _millions(cell.change.peak_bytes),
            _thousandths(cell.compare.cpu_seconds),
            _thousands(MEASURES["comparing: bytes read"](cell)),
        ]
        for cell in sorted(measured.cells, key=lambda cell: cell.changes)
        if cell.items == items
    ]
    return Table(heads, rows, f"{readable(items)} rows", note)


def _loads_table(measured: Measured) -> Table:
    rows = [
        [
            f"{NAMES[system]}, {what}",
            readable(items),
            _millions(effort.bytes_written + effort.database_bytes_sent),
            readable(effort.files_written),
            readable(round(effort.cpu_seconds, 2)),
            readable(round(effort.database_cpu_seconds, 2)),
            _millions(effort.peak_bytes),
        ]
        for what, efforts in (("first load", measured.loads), ("`optimize` after the changes", measured.upkeep))
        for (system, items), effort in efforts.items()
    ]
    heads = ["step", "rows", "MB written", "objects written", "CPU s", "database's CPU s", "peak MB"]
    note = (
        "This project is loaded in runs of 100 000 rows. Lance's index does not cover what was merged, and its "
        "fragments grow in number, until `optimize` is run."
    )
    return Table(heads, rows, "The first load, and upkeep that was put off", note)


def _ours_table(measured: Measured) -> Table:
    rows = [
        [
            f"{readable(cell.changes)} of {readable(cell.items)}",
            _thousands(cell.change.bytes_written),
            _thousands(cell.change.database_bytes_sent),
            readable(cell.change.database_rows),
            readable(cell.change.database_write_units),
            _thousandths(cell.change.cpu_seconds),
            _thousandths(cell.change.database_cpu_seconds),
        ]
        for cell in measured.cells
        if cell.system == "ours"
    ]
    heads = [
        "rows changed",
        "kB of objects",
        "kB of requests",
        "rows written",
        "write units",
        "CPU ms",
        "database's CPU ms",
    ]
    note = (
        "Requests are to DynamoDB, reads among them; its CPU is the emulator's, to 10 ms, and is AWS's business there."
    )
    return Table(heads, rows, "This project's part in the bucket and in the database", note)


def _plots(cells: list[Cell]) -> list[Plot]:
    shown = {"bytes written": "bytes", "CPU": "seconds", "comparing: bytes read": "bytes", "comparing: CPU": "seconds"}
    plots = []
    for what, unit in shown.items():
        for changes in sorted({cell.changes for cell in cells}):
            curves: dict[str, list[tuple[float, float]]] = {
                name: [
                    (cell.items, MEASURES[what](cell))
                    for cell in cells
                    if (cell.system, cell.changes) == (system, changes)
                ]
                for system, name in NAMES.items()
            }
            file = f"peers-{what.lower().replace(': ', '-').replace(' ', '-')}-{changes}"
            title = f"{what[0].upper()}{what[1:]}, {readable(changes)} rows changed"
            plots.append(Plot(file, title, "rows in the table", unit, curves))
    return plots


def _thousands(count: float) -> str:
    return readable(round(count / 1000, 1))


def _millions(count: float) -> str:
    return readable(round(count / 1_000_000, 1))


def _thousandths(seconds: float) -> str:
    return readable(round(seconds * 1000, 1))


def main() -> int:
    """Run the benchmark."""
    arguments = findings.parser(__doc__).parse_args()
    return findings.conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
