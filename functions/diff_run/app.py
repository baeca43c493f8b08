"""The state machine's task `diff_run`: one call of the lifecycle."""

from __future__ import annotations

from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from knowledge.assembly import KnowledgeServices
from knowledge.settings import Settings
from knowledge.tasks import diff_run
from telemetry.outcomes import of_diff_run
from telemetry.tasks import observed

_knowledge = KnowledgeServices(Settings.from_environment())


@observed("diff_run", done=of_diff_run)
def handler(event: dict[str, Any], _context: object) -> Any:
    """Run the task on the machine's state; see `knowledge.tasks`."""
    return diff_run(_knowledge, event)
