"""What exporting a generation costs: AWS calls and bytes by what they are for, processor time and memory.

PYTHONPATH=layers/shared:layers/search python -m benchmarks.exports [--items 20000] [--publications 20]

Once after the first publication, whose packs lie in the order of the index, and once after so many more, each of which
changes a hundredth of the items and leaves their old members behind.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from collections import Counter
from types import SimpleNamespace

from moto import mock_aws

from benchmarks.emulators import dynoxide
from benchmarks.findings import Table, aligned
from testing.faults import Faults
from testing.import_files import Importing, line
from testing.lifecycle import Lifecycle, draft, settings_of
from testing.resources import Resources
from testing.wire import MemoryBucket, WireDynamoDB

CONTENT_BYTES = 2_000
CHANGED_PERCENT = 1
_WORDS = ("seed", "soil", "spade", "water", "frost", "leaf", "root", "stem", "light", "shade")
HEADS = [
    "after publications", "items", "parts", "MB", "MB inflated", "gets", "MB read", "calls to send",
    "reads of rows", "writes of rows", "CPU s", "CPU µs an item", "memory MB",
]  # fmt: skip


def measure(items: int, publications: int, resources: Resources) -> list[list[str]]:
    """Publish and export; one row an export."""
    dynamodb, bucket = WireDynamoDB(resources.endpoints["dynamodb"]), MemoryBucket()
    watch = Faults()
    clients: SimpleNamespace = watch.clients(dynamodb, bucket)
    life = Lifecycle(settings_of(resources), clients)
    bucket.clock = life.clock
    dice = random.Random(1)
    importing = Importing(life)
    first = [(f"doc-{number:07d}", _text(dice)) for number in range(items)]
    importing.whole(b"".join(line(draft(*each)) for each in first))
    rows = [_row(life, watch, bucket, 1)]
    for _ in range(publications):
        changed = dice.sample(first, max(1, items * CHANGED_PERCENT // 100))
        importing.whole(b"".join(line(draft(name, _text(dice))) for name, _ in changed))
    rows.append(_row(life, watch, bucket, 1 + publications))
    return rows


def _text(dice: random.Random) -> str:
    return " ".join(dice.choices(_WORDS, k=CONTENT_BYTES // 6))


def _row(life: Lifecycle, watch: Faults, bucket: MemoryBucket, publications: int) -> list[str]:
    knowledge = life.knowledge
    export = knowledge.exports.service.create_export(life.source, life.current, export_id=life.ids("exp"))
    watch.calls.clear()
    began = time.process_time()
    life.export_machine.run()
    seconds = time.process_time() - began
    done = knowledge.exports.service.get_export(life.source, life.current, export.export_id)
    if done.state != "completed":
        message = f"the export ended as {done.state}"
        raise RuntimeError(message)
    calls = Counter(call.operation for call in watch.calls)
    read = sum(_span(call.request.get("Range", "")) for call in watch.calls if call.operation == "get_object")
    sent = sum(calls[name] for name in ("create_multipart_upload", "upload_part", "complete_multipart_upload"))
    counts = (
        publications, done.items, done.parts, done.bytes >> 20, done.plain_bytes >> 20, calls["get_object"], read >> 20,
        sent + calls["list_parts"], calls["get_item"], calls["update_item"] + calls["transact_write_items"],
    )  # fmt: skip
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return [*(f"{count:,}" for count in counts), f"{seconds:.1f}", f"{1e6 * seconds / done.items:.0f}", f"{memory:,}"]


def _span(span: str) -> int:
    """How many bytes a range asks for; the end of an object is 32 KiB."""
    first, _, last = span.removeprefix("bytes=").partition("-")
    return int(last) - int(first) + 1 if first else int(last or 0)


def main() -> int:
    """Run the benchmark."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--items", type=int, default=20_000)
    options.add_argument("--publications", type=int, default=20)
    arguments = options.parse_args()
    with mock_aws(), dynoxide("bench") as resources:
        rows = measure(arguments.items, arguments.publications, resources)
    print(aligned(Table(HEADS, rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
