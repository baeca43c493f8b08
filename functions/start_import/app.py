"""Starts imports from events: one call of the lifecycle."""

from __future__ import annotations

from typing import Any

from knowledge.assembly import Knowledge, Settings
from knowledge.import_tasks import start_import

_knowledge = Knowledge(Settings.from_environment())


def handler(event: dict[str, Any], _context: object) -> Any:
    """Follow an event; see `knowledge.import_tasks`."""
    return start_import(_knowledge, event)
