"""The state machine of exports as the services call it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from knowledge.exports.model import Export
from knowledge.storage.clients import error_code, translated

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
        try:
            with translated():
                self.stepfunctions.start_execution(
                    stateMachineArn=self.arn, name=export.export_id, input=json.dumps(export_input(export))
                )
        except ClientError as error:
            if error_code(error) != "ExecutionAlreadyExists":
                raise
