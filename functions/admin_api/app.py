"""Answers the operations on API keys and their sessions."""

from __future__ import annotations

from functools import cache
from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from httpapi.api import Api
from httpapi.assembly import EdgeServices
from httpapi.settings import EdgeSettings

api = Api({"/v1/admin/keys": "routes.keys", "/v1/admin/audit": "routes.audit", "/v1/portal": "routes.sessions"})


@cache
def services() -> EdgeServices:
    """Put the services together, once a process."""
    return EdgeServices(EdgeSettings.from_environment())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of the gateway."""
    return api.handle(event, context, services())
