"""What importing a file costs, counted on Dynoxide: a thousand lines at a time, and the memory it takes.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.imports [--bytes 1073741824]

The file is made on disk and read from there by ranges, as from S3. Ends with 1 when the memory grows past 512 MB, or
when a thousand lines take more than 12 transactions when new and 3 when unchanged.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from knowledge.assembly import Knowledge
from knowledge.aws import Fanout
from knowledge.ids import new_id
from knowledge.import_model import Import, ImportFormat, ImportMode, ImportState
from knowledge.import_steps import ImportName
from knowledge.model import Source
from moto import mock_aws

from benchmarks.emulators import dynoxide, watched_clients
from benchmarks.meter import Meter
from tests.support.import_files import created_event
from tests.support.lifecycle import settings_of
from tests.support.resources import Resources
from tests.support.wire import MemoryBucket

CONTENT_BYTES = 2_000
MEMORY_BYTES = 512 * 1024 * 1024
BOUNDS = {"new": 12, "1 % changed": 3, "unchanged": 3}
ROW = "{:<22} {:>9} {:>9} {:>9} {:>13} {:>11} {:>12} {:>11} {:>10}"


class DiskBucket(MemoryBucket):
    """A bucket whose uploads are one file on disk, so that its bytes are in nobody's memory."""

    path: Path

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Read a range of an upload from disk, and anything else from memory."""
        if not request["Key"].endswith("/upload"):
            return super().get_object(**request)
        first, last = (int(end) for end in request["Range"].removeprefix("bytes=").split("-"))
        return {"Body": _Range(self.path, first, last - first + 1)}

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
    number = 0
    with path.open("wb") as file:
        while file.tell() < size:
            start = number * 37 % (len(words) - CONTENT_BYTES)
            shown = edition if number % every == 0 else 0
            item = {
                "externalItemId": f"doc-{number:07d}",
                "title": f"Document {number}",
                "content": f"{number} {shown} {words[start : start + CONTENT_BYTES]}",
            }
            file.write(json.dumps(item).encode() + b"\n")
            number += 1
    return number


def stage(knowledge: Knowledge, source: Source, bucket: str) -> Import:
    """Import the file on disk, up to its run."""
    imports = knowledge.imports
    job, _ = imports.service.create(
        source, mode=ImportMode.SNAPSHOT, apply=False, file_format=ImportFormat.NDJSON, import_id=new_id("imp")
    )
    key = f"imports/{job.tenant_id}/{job.source_id}/{job.import_id}/upload"
    imports.intake.take(created_event(bucket, key, "disk", 0))
    name = ImportName(job.tenant_id, job.source_id, job.import_id, 1)
    while True:
        found = imports.steps.stage(name)
        if found is None or found.state is ImportState.PLANNING:
            break
    imports.steps.complete(name)
    return imports.service.get(source, job.import_id)


def run(size: int, knowledge: Knowledge, meter: Meter, disk: DiskBucket) -> list[str]:
    """Measure everything; returns what was missed."""
    missed: list[str] = []
    source = knowledge.sources.create(
        "ten_bench", name="bench", grace_days=7, removal_guard=None, source_id=new_id("src")
    )
    print(
        ROW.format(
            "lines", "lines", "lines/s", "per 1000:", "transactions", "DB calls", "write units", "read units", "memory"
        )
    )
    for label, edition, every in (("new", 0, 1), ("1 % changed", 1, 100), ("unchanged", 1, 100)):
        lines = write_file(disk.path, size, edition, every)
        began = time.perf_counter()
        with meter.measuring():
            job = stage(knowledge, source, knowledge.settings.content_bucket)
        seconds = time.perf_counter() - began
        if (job.state, job.lines, job.rejected) != (ImportState.COMPLETED, lines, 0):
            missed.append(f"{label}: {job.state} after {job.lines} of {lines} lines")
        thousands = lines / 1000
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        figures = (meter.transactions, meter.database_calls, meter.write_units, meter.read_units)
        shown = [f"{figure / thousands:.1f}" for figure in figures]
        print(ROW.format(label, lines, f"{lines / seconds:.0f}", "", *shown, f"{memory >> 20} MB"))
        if meter.transactions / thousands > BOUNDS[label] + 20 / thousands:
            missed.append(f"{label}: more than {BOUNDS[label]} transactions for 1 000 lines")
        if memory > MEMORY_BYTES:
            missed.append(f"{label}: {memory >> 20} MB of memory, more than {MEMORY_BYTES >> 20}")
    return missed


def main() -> int:
    """Run the benchmark on tables of its own."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bytes", type=int, default=32 * 1024 * 1024, help="size of the file")
    size = arguments.parse_args().bytes
    try:
        with mock_aws(), dynoxide("bench") as resources, tempfile.TemporaryDirectory() as folder:
            missed = _measured(size, resources, Path(folder) / "items.ndjson")
    except ClientError as error:
        missed = [str(error)]
    for line in missed:
        print(f"MISSED: {line}")
    return 1 if missed else 0


def _measured(size: int, resources: Resources, path: Path) -> list[str]:
    disk, meter = DiskBucket(), Meter()
    disk.path = path
    clients = watched_clients(resources, meter)
    clients.s3 = disk  # type: ignore[misc, assignment]
    knowledge = Knowledge(settings_of(resources), clients=clients, fanout=Fanout(8), import_machine=_Walked())
    return run(size, knowledge, meter, disk)


if __name__ == "__main__":
    sys.exit(main())
