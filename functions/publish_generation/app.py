"""The state machine's task `publish_generation`: one call of the lifecycle."""

from __future__ import annotations

from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from knowledge.assembly import KnowledgeServices
from knowledge.settings import Settings
from knowledge.tasks import publish_generation
from telemetry.outcomes import of_publish_generation
from telemetry.tasks import observed

_knowledge = KnowledgeServices(Settings.from_environment())


@observed("publish_generation", done=of_publish_generation)
def handler(event: dict[str, Any], _context: object) -> Any:
    """Run the task on the machine's state; see `knowledge.tasks`."""
    return publish_generation(_knowledge, event)
