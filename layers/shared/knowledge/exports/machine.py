"""The state machine of exports as the services call it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from knowledge.exports.model import Export
from knowledge.storage.executions import start_once

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient


class ExportMachine(Protocol):
    """Runs `statemachines/export.asl.json` for an export."""

    def start(self, export: Export) -> None:
        """Start it unless it was started before; it goes on by itself."""


def export_input(export: Export) -> dict[str, Any]:
    """The state that an execution starts with; see `knowledge.export_tasks`."""
    return {"tenantId": export.tenant_id, "sourceId": export.source_id, "exportId": export.export_id}


@dataclass(frozen=True, slots=True)
class StandardExportMachine:
    """Starts executions that are named for their exports, which Step Functions takes once."""

    stepfunctions: SFNClient
    arn: str

    def start(self, export: Export) -> None:
        """See `ExportMachine.start`."""
        start_once(self.stepfunctions, self.arn, export.export_id, export_input(export))
