"""The state machine's task `write_export`: one call of the lifecycle."""

from __future__ import annotations

from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from httpapi.keys.export_permission import KeyExportPermission
from knowledge.assembly import KnowledgeServices
from knowledge.export_tasks import write_export
from knowledge.settings import Settings
from telemetry.outcomes import of_write_export
from telemetry.tasks import observed

_knowledge = KnowledgeServices(
    Settings.from_environment(),
    export_permission=KeyExportPermission.from_environment,
)


@observed("write_export", done=of_write_export)
def handler(event: dict[str, Any], _context: object) -> Any:
    """Run the task on the machine's state; see `knowledge.export_tasks`."""
    return write_export(_knowledge, event)
