"""Who made a thing."""

from __future__ import annotations

from knowledge.actors import Author


def render_author(author: Author | None) -> dict[str, str] | None:
    """Write an author as `{keyId, name}`; None for what the system made, or what was made before authors were kept."""
    return None if author is None else author.to_value()
