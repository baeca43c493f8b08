"""Ours as one of the peers: DynamoDB on an emulator in its own process, through botocore, and a bucket of files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast
from unittest.mock import patch

from knowledge.assembly import KnowledgeServices
from knowledge.errors import KnowledgeError
from knowledge.generations.model import Generation
from knowledge.generations.reader import CURRENT
from knowledge.ids import new_id
from knowledge.index.comparison import Comparison, Difference
from knowledge.index.packs import read_documents
from knowledge.index.store import PublishedIndex
from knowledge.items.model import ItemDraft
from knowledge.runs.model import RunMode
from knowledge.segments import writing
from knowledge.settings import Settings
from knowledge.sources.model import Source
from knowledge.storage.clients import Clients
from telemetry.process import collect_rarely

from benchmarks.emulators import MISSING_TOOL
from benchmarks.meter import Meter
from benchmarks.peers.bucket import FolderBucket
from benchmarks.peers.data import Row
from benchmarks.peers.effort import Effort, process_cpu_seconds
from local.emulators.dynoxide import Dynoxide, find_dynoxide
from local.template.tables import create_tables
from testing.inline_machine import InlineMachine
from testing.resources import Resources, project_template

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

TENANT = "ten_bench"
SOURCE = "src_00000000000000000000000000"
ITEMS_A_BATCH = 1000
BATCHES_A_RUN = 100
DATABASE_PID = "BENCHMARK_DATABASE_PID"


@contextmanager
def database() -> Iterator[dict[str, str]]:
    """Run the tables of the template; yields the environment under which the product finds them."""
    binary = find_dynoxide()
    if binary is None:
        print("Dynoxide is not installed: run `make setup`", file=sys.stderr)
        raise SystemExit(MISSING_TOOL)
    server = Dynoxide(binary)
    try:
        resources = Resources(prefix="peers", endpoints={"dynamodb": server.url})
        create_tables(resources.client("dynamodb"), project_template(), resources.resolver, streams=False)
        yield {**resources.environment, DATABASE_PID: str(server.pid)}
    finally:
        server.stop()


class Ours:
    """Pushes in batches, then a run and its apply, each task of the state machine in this process."""

    def __init__(self, folder: Path) -> None:
        # As in a function's process.
        collect_rarely()
        # The peers find nothing by its words, so nothing is kept for that here: all is too large to be searched.
        patch.object(writing, "SEARCHED_ITEMS", 0).start()
        self.folder = folder / "objects"
        self._meter = Meter()
        self._database = int(os.environ[DATABASE_PID])
        clients = Clients()
        clients.s3 = cast("S3Client", FolderBucket(self.folder, folder / "metadata"))
        self._meter.watch(clients.dynamodb)
        self._knowledge = KnowledgeServices(Settings.from_environment(), clients=clients, machine=self._make_machine)

    def _make_machine(self, knowledge: KnowledgeServices) -> InlineMachine:
        self._machine = InlineMachine(knowledge)
        return self._machine

    @property
    def _source(self) -> Source:
        return self._knowledge.sources.get_source(TENANT, SOURCE)

    def prepare(self, rows: Sequence[Row]) -> list[list[ItemDraft]]:
        """Make batches of what validation hands on."""
        drafts = [ItemDraft(*row) for row in rows]
        return [drafts[start : start + ITEMS_A_BATCH] for start in range(0, len(drafts), ITEMS_A_BATCH)]

    def load(self, prepared: Sequence[list[list[ItemDraft]]]) -> None:
        """Push and publish by the road that changes take too, so many at a time as one run plans within its time."""
        self._knowledge.sources.create_source(TENANT, name="bench", grace_days=7, removal_guard=None, source_id=SOURCE)
        batches = [batch for part in prepared for batch in part]
        for start in range(0, len(batches), BATCHES_A_RUN):
            self.change(batches[start : start + BATCHES_A_RUN])

    def open(self) -> None:
        """Nothing is kept open."""

    def change(self, prepared: list[list[ItemDraft]]) -> None:
        """Push, run, apply."""
        source = self._source
        for batch in prepared:
            self._knowledge.staging.push_items(source, batch)
        source = self._source
        try:
            run = self._knowledge.runs.create_run(source, RunMode.INCREMENTAL, run_id=new_id("run"))
            self._knowledge.runs.apply_run(source, run.run_id)
        except KnowledgeError as error:
            error.add_note(f"A task raised {self._machine.caught}")
            raise

    def changed(self) -> set[str]:
        """Compare the indexes of the last two generations; nothing of them is kept between two calls."""
        reader, source = self._knowledge.generations, self._source
        after = reader.get_generation(source, CURRENT)
        before = reader.get_generation(source, str(after.base_generation_id))
        steps = Comparison(self._index(before), self._index(after)).differences()
        return {step.external_item_id for step in steps if isinstance(step, Difference)}

    def count(self) -> int:
        """Count as the index says."""
        return self._served().manifest.entries

    def contents(self, names: Sequence[str]) -> dict[str, str]:
        """Read by the index."""
        index = self._served()
        entries = list(index.trie.find(names).values())
        documents = read_documents(index, entries)
        return {entry.external_item_id: document["content"] for entry, document in zip(entries, documents, strict=True)}

    def watch(self, effort: Effort) -> Callable[[], None]:
        """Count what the database is sent, and its CPU."""
        began = process_cpu_seconds(self._database)
        counting = self._meter.measuring()
        counting.__enter__()

        def unwatch() -> None:
            counting.__exit__(None, None, None)
            effort.database_bytes_sent = self._meter.bytes_sent
            effort.database_bytes_received = self._meter.bytes_received
            effort.database_rows = self._meter.rows_written
            effort.database_write_units = self._meter.write_units
            effort.database_cpu_seconds = process_cpu_seconds(self._database) - began

        return unwatch

    def _served(self) -> PublishedIndex:
        return self._index(self._knowledge.generations.get_generation(self._source, CURRENT))

    def _index(self, generation: Generation) -> PublishedIndex:
        return self._knowledge.stores.index.open_index(generation.manifest)
