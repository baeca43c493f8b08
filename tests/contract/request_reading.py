"""Requests as the edge reads them, up to the first call of a service, beside what the document says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future
from functools import cached_property
from typing import Any

from httpapi.call import Call, check_ids
from httpapi.errors import ValidationFailedError
from httpapi.keys.model import Key, KeySpec
from httpapi.keys.scopes import ALL_SCOPES
from httpapi.operations import Operation
from httpapi.requests import HttpRequest
from httpapi.schemas.fields import read_query
from knowledge.environments import Environment
from knowledge.errors import NotFoundError
from knowledge.items.problems import InvalidItemsError

from testing import spec
from tests.contract.beyond_schemas import is_accepted_beyond, is_refused_beyond
from tests.contract.request_schemas import Schema, documented_body, documented_parameters, routes
from tests.contract.request_values import Value, sample, validator_of

NOW = 1_795_000_000_000
_REQUEST = HttpRequest("GET", "/", {}, {}, None, body_is_base64=False, request_id="req_1")
_KEY = Key("4fGh2LmN8pQrS0tV", "ten_1", KeySpec("all", scopes=ALL_SCOPES), "", NOW)
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)")


class _ReachedError(Exception):
    """Raised when a route calls a service: it has nothing against the request."""


class _Services:
    """Stands for every service."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise _ReachedError


class _Source:
    """Stands for the source of a path: who reads of it anything but whose it is has nothing against the request."""

    environment = Environment.LIVE

    def __getattr__(self, name: str) -> Any:
        raise _ReachedError


def refusals(route: Operation, ids: dict[str, str], query: dict[str, str], body: Value) -> list[str]:
    """Say what is wrong with a request: nothing, if it is accepted. What is merely not there is accepted."""
    loading: Future[Any] = Future()
    loading.set_result(_Source())
    services: Any = _Services()
    try:
        read = route.body(body) if route.body else None
        check_ids(ids)
        asked = read_query(route.query, {name: [text] for name, text in query.items()})
        call: Call[Any, Any] = Call(route.name, _KEY, _REQUEST, ids, read, asked, services, NOW, loading=loading)
        # Some lists ask a service before they look at their cursor.
        call.position(call.listing())
        route.handler(call)
    except ValidationFailedError as error:
        return [str(detail["message"]) for detail in error.details]
    except InvalidItemsError as error:
        return [problem.message for problem in error.problems]
    except (_ReachedError, NotFoundError):
        return []
    raise AssertionError(f"{route.name} answers without a service")


class Part:
    """The body, query or path of an operation: an object of fields, sent with whatever else the operation needs."""

    def __init__(self, operation: spec.SpecOperation, name: str) -> None:
        self.operation = operation
        self.name = name

    @cached_property
    def schema(self) -> Schema:
        """Its rules, in the form that is compared."""
        if self.name == "body":
            return documented_body(self.operation)
        return documented_parameters(self.operation, self.name)

    @cached_property
    def usual(self) -> dict[str, Value]:
        """A value that fits."""
        return _usual_ids(self.operation) if self.name == "path" else sample(self.schema)

    def verdict(self, value: Value) -> tuple[bool, list[str]]:
        """Tell whether a value fits the document, and what the route has against it."""
        sent = self._sent(value)
        return not self._errors(sent), self._refusals(sent)

    def disagreement(self, value: Value) -> str | None:
        """Say whether the document and the route disagree on a value; what cannot be sent is no matter."""
        if not self._can_be_sent(value):
            return None
        sent = self._sent(value)
        errors, refused = self._errors(sent), self._refusals(sent)
        if errors and not refused and not all(map(is_accepted_beyond, errors)):
            return "is accepted and does not fit: " + "; ".join(error.message for error in errors)[:300]
        if refused and not errors and not is_refused_beyond(refused):
            return "fits and is refused: " + "; ".join(refused)[:300]
        return None

    def _can_be_sent(self, value: Value) -> bool:
        if not isinstance(value, dict) or self.name == "body":
            return isinstance(value, dict)
        # A path without one of its segments is another path.
        whole = self.name == "query" or (value.keys() == self.usual.keys() and "" not in value.values())
        return whole and all(isinstance(field, (str, int, float)) for field in value.values())

    def _sent(self, value: dict[str, Value]) -> dict[str, Value]:
        return value if self.name == "body" else {name: _text(field) for name, field in value.items()}

    def _errors(self, sent: dict[str, Value]) -> list[Any]:
        if self.name != "body":
            fields = self.schema["properties"]
            sent = {
                name: _number(text) if fields.get(name, {}).get("type") == "integer" else text
                for name, text in sent.items()
            }
        return list(self._validator.iter_errors(sent))

    def _refusals(self, sent: dict[str, Value]) -> list[str]:
        ids = sent if self.name == "path" else _usual_ids(self.operation)
        body = sample(documented_body(self.operation)) if self.operation.request_body() else None
        query = sent if self.name == "query" else {}
        return refusals(routes()[self.operation.name], ids, query, sent if self.name == "body" else body)

    @cached_property
    def _validator(self) -> Any:
        if self.name == "body":
            return validator_of(self.operation.request_body()["content"]["application/json"]["schema"])
        schemas = {each["name"]: each["schema"] for each in self.operation.parameters(self.name)}
        return validator_of({"type": "object", "properties": schemas, "additionalProperties": False})

    def __repr__(self) -> str:
        return f"{self.operation.name}-{self.name}"


def parts() -> Iterator[Part]:
    """Find every part of every operation that has any field.

    But messages of JSON-RPC: what is none is answered in its own way, to which the unit tests of `httpapi.assistants`
    hold it.
    """
    for operation in spec.operations():
        if operation.request_body() and not routes()[operation.name].reads_text:
            yield Part(operation, "body")
        for name in ("query", "path"):
            if operation.parameters(name):
                yield Part(operation, name)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(text: str) -> int | str:
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else text


def _usual_ids(operation: spec.SpecOperation) -> dict[str, Value]:
    # Each of the shape that its description shows.
    ids: dict[str, Value] = {}
    for parameter in operation.parameters("path"):
        shape = re.search(r"`([a-z]+)_\.\.\.`", parameter["description"])
        ids[parameter["name"]] = f"{shape[1]}_{'0' * 26}" if shape else "1"
    return ids
