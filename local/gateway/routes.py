"""Which function answers which method and path, as the API's definition says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from local.failures import TemplateError

_METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}
_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
# An alias behind the name leads to the function: here there is one version of it.
_FUNCTION_NAME = re.compile(r"/functions/arn:[^/]*:function:([^/:]+)(?::[\w-]+)?/invocations$")


@dataclass(frozen=True)
class Route:
    """One method of one resource; `method` is ANY for the catch-all."""

    method: str
    resource: str
    function_name: str


@dataclass(frozen=True)
class Match:
    """A route and the path parameters that led to it, undecoded as the gateway passes them."""

    route: Route
    path_parameters: dict[str, str]


class RouteTable:
    """The routes of a resolved OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        routes = [
            Route("ANY" if name == _ANY else name.upper(), resource, _function_name(resource, name, operation))
            for resource, methods in document.get("paths", {}).items()
            for name, operation in methods.items()
            if name in _METHODS or name == _ANY
        ]
        # The gateway prefers a literal segment to a parameter, and a parameter to a greedy one, from the left.
        # Of one path it prefers the method that is named to the one that stands for all others.
        self._routes = sorted(
            routes, key=lambda route: ([_rank(s) for s in _split(route.resource)], route.method == "ANY", route.method)
        )

    def match(self, method: str, path: str) -> Match | None:
        """Find the route of a method and a raw path without its stage; None when nothing fits."""
        for route in self._routes:
            if route.method in {method, "ANY"}:
                parameters = _parameters(_split(route.resource), _split(path))
                if parameters is not None:
                    return Match(route, parameters)
        return None


def _function_name(resource: str, method: str, operation: Any) -> str:
    uri = operation.get(_INTEGRATION, {}).get("uri", "") if isinstance(operation, dict) else ""
    found = _FUNCTION_NAME.search(uri)
    if not found:
        raise TemplateError(f"openapi.yaml: {method} {resource} has no integration with a function")
    return found.group(1)


def _split(path: str) -> list[str]:
    return path.removeprefix("/").split("/")


def _rank(segment: str) -> int:
    if segment.endswith("+}"):
        return 2
    return 1 if segment.startswith("{") else 0


def _parameters(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for index, part in enumerate(pattern):
        if part.endswith("+}"):
            rest = "/".join(segments[index:])
            return {**found, part[1:-2]: rest} if rest else None
        if index >= len(segments):
            return None
        if part.startswith("{"):
            if not segments[index]:
                return None
            found[part[1:-1]] = segments[index]
        elif part != segments[index]:
            return None
    return found if len(pattern) == len(segments) else None
