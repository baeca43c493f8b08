"""The state machine's task `finish_import`: one call of the lifecycle."""

from __future__ import annotations

from typing import Any

from knowledge.assembly import Knowledge, Settings
from knowledge.import_tasks import finish_import

_knowledge = Knowledge(Settings.from_environment())


def handler(event: dict[str, Any], _context: object) -> Any:
    """Run the task on the machine's state; see `knowledge.import_tasks`."""
    return finish_import(_knowledge, event)
