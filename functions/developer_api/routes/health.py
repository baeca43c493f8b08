"""/health: whether the API works, for load balancers and uptime checkers. Anybody may ask."""

from __future__ import annotations

from httpapi.answers import Answer, ok
from httpapi.call import OpenCall
from httpapi.health import VERSION
from httpapi.operations import Routes

routes = Routes()


@routes.get("/health", None, open=True)
def check_health(call: OpenCall) -> Answer:
    """Tell which version this is, and that it reaches what it needs."""
    return ok({"status": "ok", "version": VERSION, "reached": call.services.health.check()})
