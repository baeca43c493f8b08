"""The state machine of imports as the services call it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from knowledge.ids import derived_id
from knowledge.imports.model import Import
from knowledge.storage.executions import start_once

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient


class ImportMachine(Protocol):
    """Runs `statemachines/import.asl.json` for one attempt of an import."""

    def start(self, job: Import) -> None:
        """Start it unless it was started before; it goes on by itself."""


def import_run_id(job: Import) -> str:
    """The run of an import: every try to create it means the same one."""
    return derived_id("run", job.tenant_id, f"import\0{job.import_id}", 0)


def import_input(job: Import) -> dict[str, Any]:
    """The state that an execution starts with; see `knowledge.import_tasks`."""
    return {
        "tenantId": job.tenant_id,
        "sourceId": job.source_id,
        "importId": job.import_id,
        "attempt": job.attempt,
        "apply": job.apply,
        "runId": import_run_id(job),
        "by": None if job.by is None else asdict(job.by),
        "message": job.message,
    }


@dataclass(frozen=True, slots=True)
class StandardImportMachine:
    """Starts executions that are named for what they are, which Step Functions takes once."""

    stepfunctions: SFNClient
    arn: str

    def start(self, job: Import) -> None:
        """See `ImportMachine.start`."""
        start_once(self.stepfunctions, self.arn, f"{job.import_id}-{job.attempt}", import_input(job))
