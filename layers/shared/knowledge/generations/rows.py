"""Generations as rows of the Catalog, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from knowledge.actors import Author, author_value
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.model import Counts, ObjectRef


def generation_sk(generation_id: str) -> str:
    """The sort key of a generation's row; its pk is the source."""
    return f"generation#{generation_id}"


def generation_order(sequence: int) -> str:
    """Where a generation stands in the list of its source's."""
    return f"generation#{sequence:012d}"


def generation_position(generation: Generation) -> list[str]:
    """The position in the list of generations that is behind one."""
    return [generation_order(generation.sequence), generation_sk(generation.generation_id)]


def generation_row(generation: Generation) -> dict[str, Any]:
    """The row of a generation that is published."""
    return {
        "pk": generation.source_id,
        "sk": generation_sk(generation.generation_id),
        "order": generation_order(generation.sequence),
        "tenantId": generation.tenant_id,
        "generationId": generation.generation_id,
        "sequence": generation.sequence,
        "baseGenerationId": generation.base_generation_id,
        "origin": generation.origin,
        "runId": generation.run_id,
        "restoredFrom": generation.restored_from,
        "rootHash": generation.root_hash,
        "manifest": asdict(generation.manifest),
        "counts": asdict(generation.counts),
        "contentBytes": generation.content_bytes,
        "publishedAt": generation.published_at,
        "createdBy": author_value(generation.created_by),
        "message": generation.message,
        "erasures": generation.erasures or None,
        "replacesSegments": generation.replaces_segments or None,
    }


def generation_from(row: Mapping[str, Any]) -> Generation:
    """Read a generation's row."""
    return Generation(
        tenant_id=row["tenantId"],
        source_id=row["pk"],
        generation_id=row["generationId"],
        sequence=row["sequence"],
        base_generation_id=row.get("baseGenerationId"),
        origin=GenerationOrigin(row["origin"]),
        run_id=row.get("runId"),
        root_hash=row["rootHash"],
        manifest=ObjectRef(**row["manifest"]),
        counts=Counts(**row["counts"]),
        content_bytes=row["contentBytes"],
        published_at=row["publishedAt"],
        restored_from=row.get("restoredFrom"),
        retired_at=row.get("retiredAt"),
        created_by=Author.from_value(row.get("createdBy")),
        message=row.get("message"),
        erasures=row.get("erasures", 0),
        served_root_hash=row.get("servedRootHash"),
        erased=row.get("erased", 0),
        replaces_segments=row.get("replacesSegments", False),
    )


def generation_from_value(value: Mapping[str, Any]) -> Generation:
    """Read a generation back from the plain value that `asdict` made of it."""
    return Generation(
        **{
            **value,
            "origin": GenerationOrigin(value["origin"]),
            "manifest": ObjectRef(**value["manifest"]),
            "counts": Counts(**value["counts"]),
            "created_by": None if value["created_by"] is None else Author(**value["created_by"]),
        }
    )
