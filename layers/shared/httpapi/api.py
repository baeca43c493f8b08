"""The adapter between API Gateway's events and the operations: routing, and what no operation answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from httpapi.assembly import Assembly
from httpapi.cors import cors_headers
from httpapi.errors import MethodNotAllowedError, UnknownRouteError
from httpapi.exchange import Exchange
from httpapi.operations import Operation, Routes, match_path
from httpapi.requests import HttpRequest

BASE_PATH = "/api"
_PATH_CHARACTERS = "%/-._~()'!*:@,;=+&$"


class Api:
    """A set of operations behind one Lambda function.

    `elsewhere` names the methods of paths that another function serves. The gateway sends what none of its operations
    match to one function, which can then tell a wrong method from an unknown path.
    """

    def __init__(self, *routes: Routes, elsewhere: Mapping[str, Sequence[str]] | None = None) -> None:
        self.operations = [operation for group in routes for operation in group.operations]
        self._elsewhere = dict(elsewhere or {})
        # Its validation runs before middleware and answers 422, so the operations validate for themselves.
        self._resolver = APIGatewayRestResolver(enable_validation=False, strip_prefixes=[BASE_PATH])
        for operation in self.operations:
            self._resolver.route(operation.resolver_rule, operation.method)(self._bound(operation))
        self._resolver.not_found(self._unmatched)

    def handle(self, event: Mapping[str, Any], context: Any, services: Assembly) -> dict[str, Any]:
        """Answer one proxy event; every way out has the API's shape."""
        # The resolver's patterns know ASCII only; a path that something decoded on its way is encoded again.
        event = {**event, "path": quote(str(event.get("path") or "/"), safe=_PATH_CHARACTERS, errors="surrogatepass")}
        exchange = Exchange(HttpRequest.from_event(event, _path(event)), services, context)
        self._resolver.append_context(exchange=exchange, event=event, services=services)  # type: ignore[no-untyped-call]
        return self._resolver.resolve(event, context)

    def _bound(self, operation: Operation) -> Callable[..., Response[str]]:
        def serve(**ids: str) -> Response[str]:
            exchange: Exchange = self._resolver.context["exchange"]
            return exchange.respond(lambda: exchange.carry_out(operation, ids))

        return serve

    def _unmatched(self, _error: Exception) -> Response[str]:
        exchange: Exchange = self._resolver.context["exchange"]
        event = self._resolver.context["event"]
        request = HttpRequest.from_event(event, _path(event))
        methods = self._methods_of(request.path)
        if methods and request.method == "OPTIONS":
            services: Assembly = self._resolver.context["services"]
            headers = cors_headers(request, services.settings.cors_origins, methods)
            return Response(
                204, body="", headers={"Allow": ", ".join(methods), "X-Request-Id": request.request_id, **headers}
            )
        return exchange.respond(lambda: _refuse(methods))

    def _methods_of(self, path: str) -> list[str]:
        found = [operation.method for operation in self.operations if match_path(operation.path, path)]
        for template, methods in self._elsewhere.items():
            found += methods if match_path(template, path) else ()
        return sorted({*found, "OPTIONS"}) if found else []


def _refuse(methods: Sequence[str]) -> Any:
    if methods:
        raise MethodNotAllowedError(methods)
    raise UnknownRouteError


def _path(event: Mapping[str, Any]) -> str:
    path: str = event["path"]
    return path.removeprefix(BASE_PATH) if path.startswith(f"{BASE_PATH}/") else path
