"""Puts imports together. Apart from `knowledge.assembly`, since most functions never load what lies under this."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowledge.imports.dead_letters import DeadLetters
    from knowledge.imports.ending import ImportEnder
    from knowledge.imports.intake import ImportIntake
    from knowledge.imports.machine import ImportMachine
    from knowledge.imports.parts import ImportPermits
    from knowledge.imports.service import ImportService
    from knowledge.imports.steps import ImportSteps
    from knowledge.imports.stores import ImportStores
    from knowledge.ports import Clock, ErasedSince, ImportPermission, NewId
    from knowledge.staging.snapshots import SnapshotService
    from knowledge.staging.writing import StagingWriter


@dataclass
class ImportServices:
    """The services of imports, each made when it is first used."""

    stores: ImportStores
    writer: StagingWriter
    snapshots: SnapshotService
    erased_since: ErasedSince
    clock: Clock
    new_id: NewId
    given_machine: ImportMachine | None = None
    permission: ImportPermission | None = None

    @cached_property
    def service(self) -> ImportService:
        """Asking for imports, and reading how they fare."""
        from knowledge.imports.service import ImportService

        return ImportService(self.stores, self._ender, self.clock)

    @cached_property
    def intake(self) -> ImportIntake:
        """Events into imports."""
        from knowledge.imports.intake import ImportIntake

        return ImportIntake(self.stores, self._permits, self._ender, self._machine, self.clock)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        """Events that started no import."""
        from knowledge.imports.dead_letters import DeadLetters

        return DeadLetters(self.stores.clients.sqs, self.stores.settings.import_dead_letters_url)

    @cached_property
    def steps(self) -> ImportSteps:
        """The tasks of the state machine."""
        from knowledge.imports.staging import ImportStager
        from knowledge.imports.steps import ImportSteps
        from knowledge.imports.turns import ImportTurns
        from knowledge.imports.window_writer import WindowWriter

        turns = ImportTurns(self.stores, self.snapshots, self._ender, self.clock)
        writer = WindowWriter(self.stores, self.writer, self.clock)
        stager = ImportStager(self.stores, writer, self._permits, self.erased_since, self.clock)
        return ImportSteps(self.stores, turns, stager, self._permits, self._ender, self.clock)

    @cached_property
    def _machine(self) -> ImportMachine:
        from knowledge.imports.machine import StandardImportMachine

        if self.given_machine is not None:
            return self.given_machine
        return StandardImportMachine(self.stores.clients.stepfunctions, self.stores.settings.import_arn)

    @cached_property
    def _ender(self) -> ImportEnder:
        from knowledge.imports.ending import ImportEnder

        return ImportEnder(self.stores, self.clock, self.new_id)

    @cached_property
    def _permits(self) -> ImportPermits:
        from knowledge.imports.parts import ImportPermits

        return ImportPermits(self.permission, self.clock)
