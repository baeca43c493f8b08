"""The state machine's task `diff_run`: one call of the lifecycle."""

from __future__ import annotations

from typing import Any

from knowledge.assembly import Knowledge, Settings
from knowledge.tasks import diff_run

_knowledge = Knowledge(Settings.from_environment())


def handler(event: dict[str, Any], _context: object) -> Any:
    """Run the task on the machine's state; see `knowledge.tasks`."""
    return diff_run(_knowledge, event)
