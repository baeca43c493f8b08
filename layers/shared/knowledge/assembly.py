"""Puts the lifecycle together: settings, clients, stores, services. Each part is made when it is first used."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from knowledge.aws import Clients, Fanout
from knowledge.catalog import Catalog
from knowledge.failures import FailureRecorder
from knowledge.generation_store import GenerationStore
from knowledge.generations import GenerationReader
from knowledge.ids import new_id
from knowledge.index_store import IndexStore
from knowledge.item_store import ItemStore
from knowledge.machine import StepFunctionsMachine
from knowledge.object_store import ObjectStore
from knowledge.planning import Planner
from knowledge.ports import Clock, Machine, NewId
from knowledge.publishing import Publisher
from knowledge.run_store import RunStore
from knowledge.runs import RunService
from knowledge.settling import Settler
from knowledge.snapshot_store import SnapshotStore
from knowledge.snapshots import SnapshotService
from knowledge.source_store import SourceStore
from knowledge.sources import SourceService
from knowledge.staging import StagingService


@dataclass(frozen=True, slots=True)
class Settings:
    """The names of what the stack made."""

    catalog_table: str
    items_table: str
    content_bucket: str
    diff_and_apply_arn: str = ""

    @staticmethod
    def from_environment() -> Settings:
        """Read the variables that the template sets; KeyError names one that is missing.

        `DIFF_AND_APPLY_ARN` is set for the functions alone that start the machine.
        """
        return Settings(
            catalog_table=os.environ["CATALOG_TABLE"],
            items_table=os.environ["ITEMS_TABLE"],
            content_bucket=os.environ["CONTENT_BUCKET"],
            diff_and_apply_arn=os.environ.get("DIFF_AND_APPLY_ARN", ""),
        )


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
    ) -> None:
        self.settings = settings
        self.clients = clients or Clients()
        self.clock = clock
        self.new_id = new_id
        self.fanout = fanout or Fanout()
        self._machine = machine

    @cached_property
    def sources(self) -> SourceService:
        """Creating, reading and changing sources."""
        return SourceService(self._source_store, self.clock)

    @cached_property
    def staging(self) -> StagingService:
        """The staging set."""
        return StagingService(self._item_store, self._objects, self.clock, self.new_id)

    @cached_property
    def snapshots(self) -> SnapshotService:
        """Whole staging sets, in parts or in one request."""
        store = SnapshotStore(self._catalog)
        return SnapshotService(store, self._source_store, self.staging, self._objects, self.clock, self.new_id)

    @cached_property
    def runs(self) -> RunService:
        """Starting, reviewing and applying runs."""
        return RunService(self._run_store, self._objects, self._index, self.machine, self.clock)

    @cached_property
    def generations(self) -> GenerationReader:
        """Reading what is published."""
        return GenerationReader(self._generation_store, self._objects, self._index)

    @cached_property
    def machine(self) -> Machine:
        """The state machine."""
        if self._machine is not None:
            return self._machine(self)
        return StepFunctionsMachine(self.clients.stepfunctions, self.settings.diff_and_apply_arn)

    @cached_property
    def planner(self) -> Planner:
        """The task that plans."""
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
    def publisher(self) -> Publisher:
        """The tasks that build and publish."""
        return Publisher(
            self._source_store,
            self._run_store,
            self._generation_store,
            self._objects,
            self._index,
            self._settler,
            self.clock,
            self.new_id,
        )

    @cached_property
    def failures(self) -> FailureRecorder:
        """The task that records failures."""
        return FailureRecorder(self._source_store, self._run_store, self.clock)

    @cached_property
    def _catalog(self) -> Catalog:
        return Catalog(self.clients.dynamodb, self.settings.catalog_table)

    @cached_property
    def _source_store(self) -> SourceStore:
        return SourceStore(self._catalog)

    @cached_property
    def _run_store(self) -> RunStore:
        return RunStore(self._catalog)

    @cached_property
    def _generation_store(self) -> GenerationStore:
        return GenerationStore(self._catalog)

    @cached_property
    def _item_store(self) -> ItemStore:
        return ItemStore(self.clients.dynamodb, self.settings.items_table, self.fanout)

    @cached_property
    def _objects(self) -> ObjectStore:
        return ObjectStore(self.clients.s3, self.settings.content_bucket)

    @cached_property
    def _index(self) -> IndexStore:
        return IndexStore(self._objects, self.fanout)

    @cached_property
    def _settler(self) -> Settler:
        return Settler(self._source_store, self._run_store, self._generation_store, self._item_store, self._objects)
