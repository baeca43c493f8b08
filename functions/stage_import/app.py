"""The state machine's task `stage_import`: one call of the lifecycle."""

from __future__ import annotations

from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from httpapi.keys.import_permission import KeyImportPermission
from knowledge.assembly import KnowledgeServices
from knowledge.import_tasks import stage_import
from knowledge.settings import Settings
from telemetry.tasks import observed

_knowledge = KnowledgeServices(
    Settings.from_environment(),
    import_permission=KeyImportPermission.from_environment,
)


@observed("stage_import")
def handler(event: dict[str, Any], _context: object) -> Any:
    """Run the task on the machine's state; see `knowledge.import_tasks`."""
    return stage_import(_knowledge, event)
