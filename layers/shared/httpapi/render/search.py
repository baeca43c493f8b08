"""Results of searches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from knowledge.searching.model import Place, Preview, Result


def render_result(result: Result) -> dict[str, Any]:
    """Write a result."""
    return {
        "sourceId": result.source_id,
        "externalItemId": result.external_item_id,
        "title": result.title,
        "url": result.url,
        "snippet": result.snippet,
        "highlights": {"title": _places(result.in_title), "snippet": _places(result.in_snippet)},
        "score": result.score,
    }


def render_preview(preview: Preview | None) -> dict[str, Any]:
    """Write what a run was planned against; nothing for what is published."""
    if preview is None:
        return {}
    return {"baseGenerationId": preview.base_generation_id, "planVersion": preview.plan_version}


def _places(places: Sequence[Place]) -> list[dict[str, int]]:
    return [{"start": each.start, "end": each.end} for each in places]
