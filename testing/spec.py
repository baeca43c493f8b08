"""openapi.yaml as tests use it: its operations, and whether a response is one that it documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from openapi_schema_validator import OAS30ReadValidator

from local.template.load import SafeLoader

PATH = Path(__file__).parents[1] / "openapi.yaml"
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class SpecOperation:
    """One documented operation."""

    method: str
    path: str
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.spec["operationId"])

    @property
    def mutating(self) -> bool:
        """True for one that takes an Idempotency-Key."""
        return any(parameter["name"] == "Idempotency-Key" for parameter in self.parameters("header"))

    @property
    def open(self) -> bool:
        """True for one that takes no key."""
        return self.spec.get("security") == []

    @property
    def scope(self) -> str | None:
        return next(iter(self.scopes), None)

    @property
    def scopes(self) -> tuple[str, ...]:
        """All scopes that it asks for."""
        found = re.search(r"Scope: `([a-z:]+)`(?: and `([a-z:]+)`)?", self.spec["description"])
        return tuple(scope for scope in found.groups() if scope) if found else ()

    @property
    def or_scope(self) -> str | None:
        """The scope that does in place of the one that it asks for."""
        found = re.search(r"Scope: `[a-z:]+` or `([a-z:]+)`", self.spec["description"])
        return found[1] if found else None

    @property
    def function(self) -> str:
        """The folder of the function that serves it."""
        uri = self.spec["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        return {
            "DeveloperApiFunction": "developer_api",
            "AdminApiFunction": "admin_api",
            "SearchApiFunction": "search_api",
        }[re.search(r"\$\{(\w+)\.Arn\}", uri)[1]]

    def statuses(self) -> set[int]:
        return {int(status) for status in self.spec["responses"]}

    def response(self, status: int) -> dict[str, Any]:
        return resolve(self.spec["responses"][str(status)])

    def request_body(self) -> dict[str, Any] | None:
        return self.spec.get("requestBody")

    def parameters(self, where: str) -> list[dict[str, Any]]:
        listed = self.spec.get("parameters", []) + document()["paths"][self.path].get("parameters", [])
        return [found for found in map(resolve, listed) if found["in"] == where]


@cache
def document() -> dict[str, Any]:
    return read_document(PATH)


def read_document(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text("utf-8"), Loader=SafeLoader)


def resolve(value: dict[str, Any]) -> dict[str, Any]:
    """Follow one reference, if it is one."""
    if "$ref" not in value:
        return value
    found: Any = document()
    for step in value["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


@cache
def operations() -> tuple[SpecOperation, ...]:
    return tuple(
        SpecOperation(method.upper(), path, item[method])
        for path, item in document()["paths"].items()
        for method in _METHODS
        if method in item
    )


@cache
def keyed() -> tuple[SpecOperation, ...]:
    """List the operations that want a key."""
    return tuple(operation for operation in operations() if not operation.open)


def find(method: str, path: str) -> SpecOperation | None:
    """Find the operation that the gateway would choose for a path without its stage, still percent-encoded."""
    for operation in sorted(operations(), key=lambda found: found.path.count("{")):
        pattern = re.sub(r"\{\w+\}", "[^/]+", operation.path)
        if operation.method == method and re.fullmatch(pattern, path):
            return operation
    return None


def function_of(method: str, path: str) -> str:
    """The folder of the function that the gateway invokes for a path without its stage, documented or not."""
    operation = find(method, path)
    if operation is not None:
        return operation.function
    for template, item in document()["paths"].items():
        if "x-amazon-apigateway-any-method" in item and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return SpecOperation("ANY", template, item["x-amazon-apigateway-any-method"]).function
    return "developer_api"


# The description of the document tells of them, once.
OF_EVERY_ANSWER = frozenset({"cache-control", "strict-transport-security", "x-content-type-options"})
OF_WHAT_ENDS = {"deprecation", "sunset", "link"}


def faults(operation: SpecOperation, status: int, headers: dict[str, str], body: Any) -> Iterator[str]:
    """Say in what a response departs from the document."""
    if status not in operation.statuses():
        yield f"{operation.name} does not document {status}"
        return
    documented = operation.response(status)
    names = {name.lower() for name in documented["headers"]}
    sometimes = {"retry-after", "idempotent-replayed", "www-authenticate"}
    # What is not there has no tag.
    sometimes |= {"etag"} if status == 412 else set()
    of_every_answer = OF_EVERY_ANSWER | (OF_WHAT_ENDS if operation.spec.get("deprecated") else set())
    always = names - sometimes | of_every_answer
    for name in always - set(headers):
        # A request that fails before it was counted has no rate to tell.
        uncounted = status in {400, 500, 503} or body.get("code") in {"browser_key_not_allowed", "origin_not_allowed"}
        if not (name.startswith("ratelimit") and uncounted):
            yield f"{operation.name} {status} lacks the header {name}"
    known = names | of_every_answer | {"content-type", "content-encoding", "vary"}
    for name in set(headers) - known:
        if not (name.startswith(("access-control", "ratelimit"))):
            yield f"{operation.name} {status} does not document the header {name}"
    if "content" not in documented:
        if body is not None:
            yield f"{operation.name} {status} has a body, and none is documented"
        return
    for fault in schema_faults(documented["content"]["application/json"]["schema"], body):
        yield f"{operation.name} {status}: {fault}"


def schema_faults(schema: dict[str, Any], value: Any) -> list[str]:
    """List where a value departs from a schema of the document; objects may have no more than is documented."""
    # References are resolved from the root of a schema, so the components come along.
    validator = OAS30ReadValidator({**_closed(schema), "components": _closed_components()})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


@cache
def _closed_components() -> Any:
    return _closed(document()["components"])


def _closed(value: Any) -> Any:
    if isinstance(value, list):
        return [_closed(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    closed = {name: _closed(entry) for name, entry in value.items()}
    if closed.get("type") == "object" and isinstance(closed.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed
