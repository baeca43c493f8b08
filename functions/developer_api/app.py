"""Answers every operation of the Developer API but those on keys, searches and answers."""

from __future__ import annotations

from functools import cache
from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from httpapi.api import Api
from httpapi.assembly import EdgeServices
from httpapi.settings import EdgeSettings

# The gateway sends wrong methods of these paths here, although AdminApi and SearchApi serve the right ones. What can be
# read there takes a HEAD, too, so all methods of such a path go to its own function.
PATHS_ELSEWHERE = {
    "/v1/admin/keys/identify": ("POST",),
    "/v1/admin/keys/{keyId}/rotate": ("POST",),
    "/v1/answers": ("POST",),
    "/v1/mcp": ("POST",),
    "/v1/answers/{answerId}/feedback": ("POST",),
    "/v1/portal/sign-in-links": ("POST",),
    "/v1/search": ("POST",),
}

api = Api(
    {
        "/health": "routes.health",
        "/v1/whoami": "routes.whoami",
        "/v1/usage": "routes.usage",
        "/v1/sources": "routes.sources",
        "/v1/sources/{sourceId}/items": "routes.items",
        "/v1/sources/{sourceId}/items/snapshot": "routes.snapshots",
        "/v1/sources/{sourceId}/items/{externalItemId}/history": "routes.histories",
        "/v1/sources/{sourceId}/snapshots": "routes.snapshots",
        "/v1/sources/{sourceId}/imports": "routes.imports",
        "/v1/sources/{sourceId}/erasures": "routes.erasures",
        "/v1/sources/{sourceId}/runs": "routes.runs",
        "/v1/sources/{sourceId}/generations": "routes.generations",
        "/v1/sources/{sourceId}/generations/{generationId}/exports": "routes.exports",
        "/v1/questions": "routes.questions",
        "/v1/webhooks": "routes.webhooks",
    },
    elsewhere=PATHS_ELSEWHERE,
)


@cache
def services() -> EdgeServices:
    """Put the services together, once a process."""
    return EdgeServices(EdgeSettings.from_environment())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of the gateway."""
    return api.handle(event, context, services())
