"""The state machine's task `record_failure`: one call of the lifecycle."""

from __future__ import annotations

from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from knowledge.assembly import KnowledgeServices
from knowledge.settings import Settings
from knowledge.tasks import record_failure
from telemetry.outcomes import of_record_failure
from telemetry.tasks import observed

_knowledge = KnowledgeServices(Settings.from_environment())


@observed("record_failure", refused=of_record_failure)
def handler(event: dict[str, Any], _context: object) -> Any:
    """Run the task on the machine's state; see `knowledge.tasks`."""
    return record_failure(_knowledge, event)
