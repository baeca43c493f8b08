"""The machine `export` in process."""

from __future__ import annotations

from pathlib import Path

from knowledge.exports.machine import export_input
from knowledge.exports.model import Export

from testing.held_clock import HeldClock
from testing.import_machine import InlineStandardMachine

DEFINITION = Path(__file__).parents[1] / "statemachines" / "export.asl.json"


class InlineExportMachine(InlineStandardMachine):
    """See `knowledge.exports.machine.ExportMachine`."""

    def __init__(self, clock: HeldClock) -> None:
        super().__init__(clock, DEFINITION)

    def start(self, export: Export) -> None:
        """Begin the execution of an export, once."""
        self.begin(export.export_id, export_input(export))
