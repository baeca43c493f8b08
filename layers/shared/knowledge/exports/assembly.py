"""Puts exports together. Apart from `knowledge.assembly`, since most functions never load what lies under this."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowledge.exports.ending import ExportEnder
    from knowledge.exports.machine import ExportMachine
    from knowledge.exports.service import ExportService
    from knowledge.exports.stores import ExportStores
    from knowledge.exports.writing import ExportWriter
    from knowledge.ports import Clock, ExportPermission, NewId


@dataclass
class ExportServices:
    """The services of exports, each made when it is first used."""

    stores: ExportStores
    clock: Clock
    new_id: NewId
    given_machine: ExportMachine | None = None
    permission: ExportPermission | None = None

    @cached_property
    def service(self) -> ExportService:
        """Asking for exports, and reading how they fare."""
        from knowledge.exports.service import ExportService

        return ExportService(self.stores, self._machine, self._ender, self.clock)

    @cached_property
    def writer(self) -> ExportWriter:
        """The tasks of the state machine."""
        from knowledge.exports.writing import ExportWriter

        return ExportWriter(self.stores, self._ender, self.permission, self.clock)

    @cached_property
    def _machine(self) -> ExportMachine:
        from knowledge.exports.machine import StandardExportMachine

        if self.given_machine is not None:
            return self.given_machine
        return StandardExportMachine(self.stores.clients.stepfunctions, self.stores.settings.export_arn)

    @cached_property
    def _ender(self) -> ExportEnder:
        from knowledge.exports.ending import ExportEnder

        return ExportEnder(self.stores, self.clock, self.new_id)
