"""What a tenant has, and how much it asks."""

from __future__ import annotations

from typing import Any

from knowledge.sources.model import Served

from httpapi.usage import KeyUsage


def render_served(served: Served) -> dict[str, Any]:
    """Write what all sources serve."""
    return {"sources": served.sources, "items": served.items, "contentBytes": served.content_bytes}


def render_usage(usage: KeyUsage) -> dict[str, Any]:
    """Write the requests and answers of a key and of those that it has replaced."""
    return {
        "keyId": usage.key.key_id,
        "name": usage.key.spec.name,
        "requests": sum(each.requests for each in usage.days),
        "answers": sum(each.answers for each in usage.days),
        "days": [{"day": each.day, "requests": each.requests, "answers": each.answers} for each in usage.days],
    }
