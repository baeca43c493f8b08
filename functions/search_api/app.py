"""Answers searches and questions, of people and of their assistants, and takes feedback."""

from __future__ import annotations

from functools import cache
from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from httpapi.api import Api
from httpapi.assembly import EdgeServices
from httpapi.settings import EdgeSettings

api = Api(
    {
        "/v1/answers": "routes.answers",
        "/v1/answers/{answerId}/feedback": "routes.feedback",
        "/v1/mcp": "routes.mcp",
        "/v1/search": "routes.search",
    }
)


@cache
def services() -> EdgeServices:
    """Put the services together, once a process."""
    return EdgeServices(EdgeSettings.from_environment())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of the gateway."""
    return api.handle(event, context, services())
