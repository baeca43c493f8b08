"""Answers every operation of the Developer API but those on keys."""

from __future__ import annotations

from functools import cache
from typing import Any

from httpapi.api import Api
from httpapi.assembly import Assembly
from httpapi.settings import EdgeSettings
from routes import generations, items, runs, snapshots, sources, whoami

# The gateway sends wrong methods of these paths here, although AdminApi serves the right ones.
ADMIN_PATHS = {
    "/v1/admin/keys": ("GET", "POST"),
    "/v1/admin/keys/{keyId}": ("GET", "DELETE"),
    "/v1/admin/keys/{keyId}/rotate": ("POST",),
}

api = Api(
    whoami.routes,
    sources.routes,
    items.routes,
    snapshots.routes,
    runs.routes,
    generations.routes,
    elsewhere=ADMIN_PATHS,
)


@cache
def services() -> Assembly:
    """Put the services together, once a process."""
    return Assembly(EdgeSettings.from_environment())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of the gateway."""
    return api.handle(event, context, services())
