"""Puts the lifecycle together: settings, clients, stores, services. Each part is made when it is first used.

Each part is imported then, too: a function pays at its cold start for nothing that it never uses.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.ids import new_id
from knowledge.ports import Clock, Machine, NewId
from knowledge.settings import Settings
from knowledge.storage.clients import Clients, Fanout

if TYPE_CHECKING:
    from knowledge.generations.building import Builder
    from knowledge.generations.publishing import Publisher
    from knowledge.generations.reader import GenerationReader
    from knowledge.generations.restoring import Restorer
    from knowledge.generations.settling import Settler
    from knowledge.generations.store import GenerationStore
    from knowledge.imports.assembly import Imports
    from knowledge.imports.machine import ImportMachine
    from knowledge.index.store import IndexStore
    from knowledge.runs.failures import FailureRecorder
    from knowledge.runs.planning import Planner
    from knowledge.runs.service import RunService
    from knowledge.runs.store import RunStore
    from knowledge.sources.service import SourceService
    from knowledge.sources.store import SourceStore
    from knowledge.staging.service import StagingService
    from knowledge.staging.snapshot_store import SnapshotStore
    from knowledge.staging.snapshots import SnapshotService
    from knowledge.staging.store import ItemStore
    from knowledge.storage.catalog import Catalog
    from knowledge.storage.objects import ObjectStore
    from knowledge.upkeep.rounds import Upkeep


def system_clock() -> int:
    """The time in ms since 1970."""
    return time.time_ns() // 1_000_000


class Knowledge:
    """The lifecycle of one deployment."""

    def __init__(
        self,
        settings: Settings,
        *,
        clients: Clients | None = None,
        clock: Clock = system_clock,
        new_id: NewId = new_id,
        fanout: Fanout | None = None,
        machine: Callable[[Knowledge], Machine] | None = None,
        import_machine: ImportMachine | None = None,
    ) -> None:
        self.settings = settings
        self.clients = clients or Clients()
        self.clock = clock
        self.new_id = new_id
        self.fanout = fanout or Fanout()
        self._machine = machine
        self._import_machine = import_machine

    @cached_property
    def sources(self) -> SourceService:
        """Creating, reading and changing sources."""
        from knowledge.sources.service import SourceService

        return SourceService(self._source_store, self.clock)

    @cached_property
    def staging(self) -> StagingService:
        """The staging set."""
        from knowledge.staging.service import StagingService

        return StagingService(self._item_store, self._objects, self.clock, self.new_id)

    @cached_property
    def snapshots(self) -> SnapshotService:
        """Whole staging sets, in parts or in one request."""
        from knowledge.staging.snapshots import SnapshotService

        return SnapshotService(
            self._snapshot_store, self._source_store, self.staging, self._objects, self.clock, self.new_id
        )

    @cached_property
    def runs(self) -> RunService:
        """Starting, reviewing and applying runs."""
        from knowledge.runs.service import RunService

        return RunService(self._run_store, self._objects, self._index, self.machine, self.clock, self.new_id)

    @cached_property
    def generations(self) -> GenerationReader:
        """Reading what is published."""
        from knowledge.generations.reader import GenerationReader

        return GenerationReader(self._generation_store, self._objects, self._index)

    @cached_property
    def restorer(self) -> Restorer:
        """Publishing older generations anew."""
        from knowledge.generations.restoring import Restorer

        return Restorer(
            self._source_store,
            self._generation_store,
            self._index,
            self._settler,
            self.publisher,
            self.clock,
            self.new_id,
        )

    @cached_property
    def machine(self) -> Machine:
        """The state machine."""
        if self._machine is not None:
            return self._machine(self)
        from knowledge.runs.machine import StepFunctionsMachine

        return StepFunctionsMachine(self.clients.stepfunctions, self.settings.diff_and_apply_arn)

    @cached_property
    def planner(self) -> Planner:
        """The task that plans."""
        from knowledge.runs.planning import Planner

        return Planner(
            self._source_store,
            self._run_store,
            self._item_store,
            self._objects,
            self._index,
            self._settler,
            self.clock,
            self.new_id,
        )

    @cached_property
    def builder(self) -> Builder:
        """The task that builds."""
        from knowledge.generations.building import Builder

        return Builder(
            self._source_store,
            self._run_store,
            self._objects,
            self._index,
            self._settler,
            self.clock,
            self.new_id,
        )

    @cached_property
    def publisher(self) -> Publisher:
        """The task that publishes."""
        from knowledge.generations.publishing import Publisher

        return Publisher(
            self._source_store, self._run_store, self._generation_store, self._settler, self.clock, self.new_id
        )

    @cached_property
    def upkeep(self) -> Upkeep:
        """The daily round over all sources."""
        from knowledge.upkeep.collecting import Collector
        from knowledge.upkeep.compaction import Compactor
        from knowledge.upkeep.rounds import Upkeep
        from knowledge.upkeep.store import PassStore

        passes = PassStore(self._catalog)
        collector = Collector(
            self._run_store,
            self._generation_store,
            self._snapshot_store,
            self._item_store,
            self._objects,
            self._index,
            passes,
            self.clock,
        )
        compactor = Compactor(
            self._source_store,
            self._run_store,
            self._generation_store,
            self._objects,
            self._index,
            self._settler,
            self.publisher,
            self.clock,
            self.new_id,
        )
        return Upkeep(self._source_store, self._objects, passes, collector, compactor, self._item_store, self.clock)

    @cached_property
    def failures(self) -> FailureRecorder:
        """The task that records failures."""
        from knowledge.runs.failures import FailureRecorder

        return FailureRecorder(self._source_store, self._run_store, self.clock, self.new_id)

    @cached_property
    def imports(self) -> Imports:
        """Imports; their modules are loaded by the functions alone that need them."""
        from knowledge.imports.assembly import Imports

        return Imports(
            settings=self.settings,
            clients=self.clients,
            catalog=self._catalog,
            sources=self._source_store,
            runs=self._run_store,
            objects=self._objects,
            staging=self.staging,
            snapshots=self.snapshots,
            clock=self.clock,
            new_id=self.new_id,
            given_machine=self._import_machine,
        )

    @cached_property
    def _catalog(self) -> Catalog:
        from knowledge.storage.catalog import Catalog

        return Catalog(self.clients.dynamodb, self.settings.catalog_table)

    @cached_property
    def _source_store(self) -> SourceStore:
        from knowledge.sources.store import SourceStore

        return SourceStore(self._catalog)

    @cached_property
    def _run_store(self) -> RunStore:
        from knowledge.runs.store import RunStore

        return RunStore(self._catalog)

    @cached_property
    def _snapshot_store(self) -> SnapshotStore:
        from knowledge.staging.snapshot_store import SnapshotStore

        return SnapshotStore(self._catalog)

    @cached_property
    def _generation_store(self) -> GenerationStore:
        from knowledge.generations.store import GenerationStore

        return GenerationStore(self._catalog)

    @cached_property
    def _item_store(self) -> ItemStore:
        from knowledge.staging.store import ItemStore

        return ItemStore(self.clients.dynamodb, self.settings.items_table, self.fanout)

    @cached_property
    def _objects(self) -> ObjectStore:
        from knowledge.storage.objects import ObjectStore

        return ObjectStore(self.clients.s3, self.settings.content_bucket)

    @cached_property
    def _index(self) -> IndexStore:
        from knowledge.index.store import IndexStore

        return IndexStore(self._objects, self.fanout)

    @cached_property
    def _settler(self) -> Settler:
        from knowledge.generations.settling import Settler

        return Settler(self._source_store, self._run_store, self._generation_store, self._item_store, self._objects)
