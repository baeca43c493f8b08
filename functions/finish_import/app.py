"""The state machine's task `finish_import`: one call of the lifecycle."""

from __future__ import annotations

from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from httpapi.keys.import_permission import KeyImportPermission
from knowledge.assembly import KnowledgeServices
from knowledge.import_tasks import finish_import
from knowledge.settings import Settings
from telemetry.outcomes import of_finish_import
from telemetry.tasks import observed

_knowledge = KnowledgeServices(
    Settings.from_environment(),
    import_permission=KeyImportPermission.from_environment,
)


@observed("finish_import", done=of_finish_import)
def handler(event: dict[str, Any], _context: object) -> Any:
    """Run the task on the machine's state; see `knowledge.import_tasks`."""
    return finish_import(_knowledge, event)
