"""What importing a file costs, counted on Dynoxide: a thousand lines at a time, and the memory it takes.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.imports [--size full]

The file is made on disk and read from there by ranges, as from S3. The figures: 512 MB of memory, and for a thousand
lines 12 transactions when they are new and 3 when they are unchanged.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from knowledge.assembly import KnowledgeServices
from knowledge.ids import new_id
from knowledge.imports.model import Import, ImportFormat, ImportMode, ImportState
from knowledge.imports.steps import ImportName
from knowledge.sources.model import Source
from knowledge.storage.clients import Fanout
from moto import mock_aws

from benchmarks.emulators import dynoxide, watched_clients
from benchmarks.findings import Figure, Findings, Table, conclude, parser, readable
from benchmarks.meter import Meter
from testing.import_files import created_event
from testing.lifecycle import settings_of
from testing.wire import MemoryBucket

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CONTENT_BYTES = 2_000
MEMORY_BYTES = 512 * 1024 * 1024
# Transactions of a whole import, whatever its length: its opening, its end, and those between.
ONCE = 20
BOUNDS = {"new": 12, "1 % changed": 3, "unchanged": 3}
SIZES = {"small": 2 << 20, "usual": 32 << 20, "full": 1 << 30}
HEADS = [
    "a thousand lines",
    "lines",
    "lines/s",
    "transactions",
    "DynamoDB calls",
    "write units",
    "read units",
    "memory MB",
]


class DiskBucket(MemoryBucket):
    """A bucket whose uploads are one file on disk, so that its bytes are in nobody's memory."""

    path: Path

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Read a range of an upload from disk, and anything else from memory."""
        if not request["Key"].endswith("/upload"):
            return super().get_object(**request)
        first, last = (int(end) for end in request["Range"].removeprefix("bytes=").split("-"))
        return {"Body": _Range(self.path, first, last - first + 1), "Metadata": {}}

    def head_object(self, **request: Any) -> dict[str, Any]:
        """Tell the size of an upload."""
        if not request["Key"].endswith("/upload"):
            return super().head_object(**request)
        return {"ETag": '"disk"', "ContentLength": self.path.stat().st_size, "Metadata": {}}


class _Range:
    def __init__(self, path: Path, offset: int, length: int) -> None:
        self._path, self._offset, self._length = path, offset, length

    def read(self) -> bytes:
        with self._path.open("rb") as file:
            file.seek(self._offset)
            return file.read(self._length)


class _Walked:
    """A machine that starts nothing: the benchmark walks the steps itself."""

    def start(self, job: Import) -> None:
        """Do nothing."""


def write_file(path: Path, size: int, edition: int, every: int = 1) -> int:
    """Write items of about 2 KB until the file has its size; every so-many-th has the given edition. Returns lines."""
    words = " ".join(random.Random(1).choice(["seed", "soil", "spade", "water", "frost"]) for _ in range(50_000))
    line = 0
    with path.open("wb") as file:
        while file.tell() < size:
            start = line * 37 % (len(words) - CONTENT_BYTES)
            shown = edition if line % every == 0 else 0
            item = {
                "externalItemId": f"doc-{line:07d}",
                "title": f"Document {line}",
                "content": f"{line} {shown} {words[start : start + CONTENT_BYTES]}",
            }
            file.write(json.dumps(item).encode() + b"\n")
            line += 1
    return line


def stage(knowledge: KnowledgeServices, source: Source, bucket: str) -> Import:
    """Import the file on disk, up to its run."""
    imports = knowledge.imports
    job, _ = imports.service.create_import(
        source, mode=ImportMode.SNAPSHOT, apply=False, file_format=ImportFormat.NDJSON, import_id=new_id("imp")
    )
    key = f"imports/{job.tenant_id}/{job.source_id}/{job.import_id}/upload"
    imports.intake.start_import(created_event(bucket, key, "disk", 0))
    name = ImportName(job.tenant_id, job.source_id, job.import_id, 1)
    while True:
        found = imports.steps.stage_import(name)
        if found is None or found.state is ImportState.PLANNING:
            break
    imports.steps.complete_import(name)
    return imports.service.get_import(source, job.import_id)


def run(size: int, knowledge: KnowledgeServices, meter: Meter, disk: DiskBucket) -> Findings:
    """Measure everything."""
    source = knowledge.sources.create_source(
        "ten_bench", name="bench", grace_days=7, removal_guard=None, source_id=new_id("src")
    )
    rows, transactions = [], {}
    for label, edition, every in (("new", 0, 1), ("1 % changed", 1, 100), ("unchanged", 1, 100)):
        lines = write_file(disk.path, size, edition, every)
        began = time.perf_counter()
        with meter.measuring():
            job = stage(knowledge, source, knowledge.settings.content_bucket)
        seconds = time.perf_counter() - began
        if (job.state, job.lines, job.rejected) != (ImportState.COMPLETED, lines, 0):
            message = f"{label}: {job.state} after {job.lines} of {lines} lines"
            raise RuntimeError(message)
        thousands = lines / 1000
        counts = (meter.transactions, meter.database_calls, meter.write_units, meter.read_units)
        transactions[label] = meter.transactions
        each = [count / thousands for count in counts]
        rows.append([label, *map(readable, (lines, round(lines / seconds), *each, memory_bytes() >> 20))])
    return Findings(
        title="Imports",
        intro=f"A file of {size >> 20:,} MiB as a snapshot, read from disk by ranges, as from S3.",
        figures=judged(lines, transactions, memory_bytes()),
        tables=[Table(HEADS, rows)],
    )


def judged(lines: int, transactions: Mapping[str, int], memory: int) -> list[Figure]:
    """Hold the transactions of each import, and the memory that it took in bytes, against their figures."""
    return [
        *(
            Figure(
                f"import of {lines:,} lines, {label}", round(BOUNDS[label] * lines / 1000) + ONCE, count, "transactions"
            )
            for label, count in transactions.items()
        ),
        Figure("import: memory", MEMORY_BYTES >> 20, memory >> 20, "MB", counted=False),
    ]


def memory_bytes() -> int:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(arguments: argparse.Namespace) -> Findings:
    """Measure on tables of its own."""
    with mock_aws(), dynoxide("bench") as resources, tempfile.TemporaryDirectory() as folder:
        disk, meter = DiskBucket(), Meter()
        disk.path = Path(folder) / "items.ndjson"
        clients = watched_clients(resources, meter)
        clients.s3 = cast("S3Client", disk)
        knowledge = KnowledgeServices(
            settings_of(resources), clients=clients, fanout=Fanout(8), import_machine=_Walked()
        )
        return run(SIZES[arguments.size], knowledge, meter, disk)


def main() -> int:
    """Run the benchmark."""
    arguments = parser(__doc__).parse_args()
    return conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
