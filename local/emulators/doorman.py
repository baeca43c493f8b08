"""Keeps the door of moto, request by request: WSGI around its application.

moto tells every page that it may read whatever it answers. Here only pages of the stack's own origin are told so, for
the links that S3 signs; whatever else is asked needs the access key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from local.door import KEY_NEEDED, Door
from local.emulators.presigned import drained, is_presigned

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_SHARING = "access-control-"


def guarded(app: WsgiApp, door: Door) -> WsgiApp:
    """Let in who may come in; `app` checks the signatures of links itself."""

    def run(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        refusal = door.refusal(int(environ["SERVER_PORT"]), host=environ.get("HTTP_HOST"), origin=origin)
        if refusal is None and origin and environ["REQUEST_METHOD"] == "OPTIONS":
            start_response("204 No Content", _shared(environ))
            return []
        if refusal is None and not is_presigned(environ) and not door.knows_key(environ.get("HTTP_AUTHORIZATION")):
            refusal = KEY_NEEDED
        if refusal is not None:
            drained(environ)
            headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(refusal)))]
            start_response("403 Forbidden", headers)
            return [refusal.encode()]

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            kept = [(name, value) for name, value in headers if not name.lower().startswith(_SHARING)]
            return start_response(status, [*kept, *(_shared(environ) if origin else [])], *more)

        return app(environ, start)

    return run


def _shared(environ: dict[str, Any]) -> list[tuple[str, str]]:
    """Let a page of the stack's own read the answer, and send what it asks to be allowed to send."""
    headers = [
        ("Access-Control-Allow-Origin", environ["HTTP_ORIGIN"]),
        ("Access-Control-Allow-Methods", "GET, HEAD, PUT"),
        ("Access-Control-Expose-Headers", "ETag"),
        ("Vary", "Origin"),
    ]
    if asked := environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"):
        headers.append(("Access-Control-Allow-Headers", asked))
    return headers
