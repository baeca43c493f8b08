"""What a tenant has, and how much it asks."""

from __future__ import annotations

from typing import Any

from knowledge.sources.model import Served

from httpapi.usage import KeyUsage


def render_served(served: Served) -> dict[str, Any]:
    """Write what all sources serve."""
    return {"sources": served.sources, "items": served.items, "contentBytes": served.content_bytes}


def render_usage(usage: KeyUsage) -> dict[str, Any]:
    """Write the requests of a key and of those that it has replaced."""
    return {
        "keyId": usage.key.key_id,
        "name": usage.key.spec.name,
        "requests": sum(requests for _, requests in usage.days),
        "days": [{"day": day, "requests": requests} for day, requests in usage.days],
    }
