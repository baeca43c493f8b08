"""What became of an item."""

from __future__ import annotations

from typing import Any

from knowledge.actors import author_value
from knowledge.generations.history import HistoryEntry
from knowledge.times import timestamp

from httpapi.render.runs import render_change


def render_history_entry(entry: HistoryEntry) -> dict[str, Any]:
    """Write a generation that changed an item, and the change as lists of changes write it."""
    generation = entry.generation
    made = {
        "id": generation.generation_id,
        "sequence": generation.sequence,
        "origin": generation.origin,
        "publishedAt": timestamp(generation.published_at),
        "createdBy": author_value(generation.created_by),
        "message": generation.message,
    }
    return {"generation": made, **render_change(entry.change)}
