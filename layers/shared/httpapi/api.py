"""The adapter between API Gateway's events and the operations: routing, and what no operation answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module
from typing import Any

from httpapi.assembly import EdgeServices
from httpapi.cors import cors_headers, open_preflight
from httpapi.errors import MethodNotAllowedError, UnknownRouteError
from httpapi.exchange import Exchange
from httpapi.operations import Operation, Routes, is_for_pages, match_path, path_pattern
from httpapi.requests import BASE_PATH, HttpRequest
from httpapi.responses import Response


class Api:
    """A set of operations behind one Lambda function.

    `resources` names the module that serves the paths under a template; it has the operations in `routes`, and is
    imported by the first request for such a path, so that a cold start pays for no other resource. `elsewhere` names
    the methods of paths that another function serves. The gateway sends what none of its operations match to one
    function, which can then tell a wrong method from an unknown path.
    """

    def __init__(self, resources: Mapping[str, str], *, elsewhere: Mapping[str, Sequence[str]] | None = None) -> None:
        self._resources = resources
        # The longest first: `/v1/sources` is also a beginning of its items' paths.
        beginnings = sorted(resources.items(), key=lambda resource: resource[0].count("/"), reverse=True)
        self._beginnings = [(path_pattern(template, whole=False), module) for template, module in beginnings]
        self._elsewhere = dict(elsewhere or {})

    @cached_property
    def operations(self) -> list[Operation]:
        """Every operation, which imports every resource."""
        return [each for module in dict.fromkeys(self._resources.values()) for each in _operations_of(module)]

    def handle(self, event: Mapping[str, Any], context: Any, services: EdgeServices) -> dict[str, Any]:
        """Answer one proxy event; every way out has the API's shape."""
        request = HttpRequest.from_event(event, _path(event))
        exchange = Exchange(request, services, context)
        found = self._find(request)
        if found is None:
            return self._unmatched(request, exchange, services).as_event()
        return exchange.respond(lambda: exchange.carry_out(*found)).as_event()

    def _find(self, request: HttpRequest) -> tuple[Operation, dict[str, str]] | None:
        # A HEAD is a GET of which the gateway leaves out the body, and tells its length.
        method = "GET" if request.method == "HEAD" else request.method
        for beginning, module in self._beginnings:
            for operation in _operations_of(module) if beginning.match(request.path) else ():
                if operation.method == method and (matched := operation.pattern.fullmatch(request.path)):
                    return operation, matched.groupdict()
        return None

    def _unmatched(self, request: HttpRequest, exchange: Exchange, services: EdgeServices) -> Response:
        methods = self._methods_of(request.path)
        if methods and request.method == "OPTIONS":
            if is_for_pages(request.path):
                headers = open_preflight(methods)
            else:
                headers = cors_headers(request, services.settings.cors_origins, methods)
            return Response(204, "", {"Allow": ", ".join(methods), "X-Request-Id": request.request_id, **headers})
        return exchange.respond(lambda: _refuse(methods))

    def _methods_of(self, path: str) -> list[str]:
        found = [operation.method for operation in self.operations if operation.pattern.fullmatch(path)]
        for template, methods in self._elsewhere.items():
            found += methods if match_path(template, path) else ()
        found += ["HEAD"] if "GET" in found else []
        return sorted({*found, "OPTIONS"}) if found else []


def _operations_of(module: str) -> list[Operation]:
    routes: Routes = import_module(module).routes
    return routes.operations


def _refuse(methods: Sequence[str]) -> Any:
    if methods:
        raise MethodNotAllowedError(methods)
    raise UnknownRouteError


def _path(event: Mapping[str, Any]) -> str:
    path = str(event.get("path") or "/")
    return path.removeprefix(BASE_PATH) if path.startswith(f"{BASE_PATH}/") else path
