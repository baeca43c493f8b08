"""Puts imports together. Apart from `knowledge.assembly`, since most functions never load what lies under this."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowledge.imports.dead_letters import DeadLetters
    from knowledge.imports.files import ImportFiles
    from knowledge.imports.intake import ImportIntake
    from knowledge.imports.machine import ImportMachine
    from knowledge.imports.service import ImportService
    from knowledge.imports.steps import ImportSteps
    from knowledge.imports.store import ImportStore
    from knowledge.imports.turns import ImportEnder
    from knowledge.ports import Clock, NewId
    from knowledge.runs.store import RunStore
    from knowledge.settings import Settings
    from knowledge.sources.store import SourceStore
    from knowledge.staging.service import StagingService
    from knowledge.staging.snapshots import SnapshotService
    from knowledge.storage.catalog import Catalog
    from knowledge.storage.clients import Clients
    from knowledge.storage.objects import ObjectStore


@dataclass
class Imports:
    """The services of imports, each made when it is first used."""

    settings: Settings
    clients: Clients
    catalog: Catalog
    sources: SourceStore
    runs: RunStore
    objects: ObjectStore
    staging: StagingService
    snapshots: SnapshotService
    clock: Clock
    new_id: NewId
    given_machine: ImportMachine | None = None

    @cached_property
    def service(self) -> ImportService:
        """Asking for imports, and reading how they fare."""
        from knowledge.imports.service import ImportService

        return ImportService(self._store, self._files, self.clock)

    @cached_property
    def intake(self) -> ImportIntake:
        """Events into imports."""
        from knowledge.imports.intake import ImportIntake

        return ImportIntake(self._store, self._files, self.sources, self._ender, self._machine, self.clock)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        """Events that started no import."""
        from knowledge.imports.dead_letters import DeadLetters

        return DeadLetters(self.clients.sqs, self.settings.import_dead_letters_url)

    @cached_property
    def steps(self) -> ImportSteps:
        """The tasks of the state machine."""
        from knowledge.imports.rejects import ImportRejects
        from knowledge.imports.staging import ImportStager
        from knowledge.imports.steps import ImportSteps
        from knowledge.imports.turns import ImportTurns

        turns = ImportTurns(self._store, self.sources, self.snapshots, self._ender, self.clock)
        rejects = ImportRejects(self.clients.dynamodb, self.settings.items_table)
        stager = ImportStager(self._store, self._files, rejects, self.sources, self.staging, self.clock)
        return ImportSteps(self._store, turns, stager, self._ender, self.sources, self.runs, self.clock)

    @cached_property
    def _machine(self) -> ImportMachine:
        from knowledge.imports.machine import StandardImportMachine

        if self.given_machine is not None:
            return self.given_machine
        return StandardImportMachine(self.clients.stepfunctions, self.settings.import_arn)

    @cached_property
    def _store(self) -> ImportStore:
        from knowledge.imports.store import ImportStore

        return ImportStore(self.catalog)

    @cached_property
    def _files(self) -> ImportFiles:
        from knowledge.imports.files import ImportFiles

        return ImportFiles(self.clients.s3, self.objects)

    @cached_property
    def _ender(self) -> ImportEnder:
        from knowledge.imports.turns import ImportEnder

        return ImportEnder(self._store, self.sources, self.clock, self.new_id)
