"""Generations."""

from __future__ import annotations

from typing import Any

from knowledge.actors import author_value
from knowledge.generations.model import Generation
from knowledge.times import optional_timestamp, timestamp

from httpapi.render.counts import render_counts


def render_generation(generation: Generation) -> dict[str, Any]:
    """Write a generation."""
    return {
        "id": generation.generation_id,
        "sourceId": generation.source_id,
        "sequence": generation.sequence,
        "baseGenerationId": generation.base_generation_id,
        "origin": generation.origin,
        "runId": generation.run_id,
        "restoredFrom": generation.restored_from,
        "rootHash": generation.root_hash,
        "counts": render_counts(generation.counts),
        "contentBytes": generation.content_bytes,
        "erasedCount": generation.erased,
        "publishedAt": timestamp(generation.published_at),
        "createdBy": author_value(generation.created_by),
        "message": generation.message,
        "retiredAt": optional_timestamp(generation.retired_at),
    }
