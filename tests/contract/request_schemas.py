"""What requests may hold, as openapi.yaml says it and as the models of the routes say it, brought into one form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from httpapi.operations import Operation

from testing import spec
from testing.edge import load_app

Schema = dict[str, Any]

FUNCTIONS = ("developer_api", "admin_api", "search_api")
# What people read, and what references lead to. Every other keyword is compared.
_NO_RULES = {"title", "description", "$defs"}
# What each of these says when it is left out.
_ABSENT = {"default": None, "nullable": False, "minLength": 0, "minItems": 0, "additionalProperties": True}
# Of a body the description tells what counts when a field is left out: generators take a field with a `default` for one
# that everybody sends.
_DEFAULT_TOLD = re.compile(r"`([^`]+)` by default")
_COMPARED = {"type", "enum", "format", "pattern", "maxLength", "maxItems", "minimum", "maximum", *_ABSENT}


@cache
def routes() -> dict[str, Operation]:
    """Find the routes of every function by the names of their operations."""
    return {operation.name: operation for function in FUNCTIONS for operation in load_app(function).api.operations}


def documented_body(operation: spec.SpecOperation) -> Schema:
    return normal(operation.request_body()["content"]["application/json"]["schema"], spec.document())


def declared_body(route: Operation) -> Schema:
    return _of_model(route.body.model)


def documented_parameters(operation: spec.SpecOperation, where: str) -> Schema:
    """Put the parameters of a kind together as if they were the fields of one object."""
    parameters = operation.parameters(where)
    return {
        "type": "object",
        "properties": {each["name"]: normal(each["schema"], spec.document()) for each in parameters},
        "required": sorted(each["name"] for each in parameters if each.get("required")),
    }


def declared_query(route: Operation) -> Schema:
    """Write the query of a route as its model has it; a model's null stands for what was not sent."""
    found = {"properties": {}, "required": []} | _of_model(route.query)
    for field in found["properties"].values():
        field.pop("nullable", None)
    return found


def _of_model(model: Any) -> Schema:
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return normal(schema, schema)


def normal(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Schema:
    """Write a schema without references, and each rule in the one way of OpenAPI 3.0. KeyError for an unknown rule."""
    found = dict(schema)
    if "$ref" in found:
        target: Any = root
        for step in found.pop("$ref").removeprefix("#/").split("/"):
            target = target[step]
        return normal({**target, **found}, root)
    if "anyOf" in found:
        kinds = [kind for kind in found.pop("anyOf") if kind != {"type": "null"}]
        if len(kinds) != 1:
            raise KeyError(f"{kinds}: a choice of types, which the contract does not have")
        return normal({**kinds[0], **found, "nullable": True}, root)
    if "const" in found:
        found["enum"] = [found.pop("const")]
    whole: Schema = {}
    if told := _DEFAULT_TOLD.search(found.get("description", "")):
        whole["default"] = told[1] if found["type"] == "string" else json.loads(told[1])
    for keyword, value in found.items():
        if keyword == "properties":
            whole[keyword] = {name: normal(field, root) for name, field in value.items()}
        elif keyword == "items":
            whole[keyword] = normal(value, root)
        elif keyword in {"required", "enum"}:
            whole[keyword] = sorted(each for each in value if each is not None)
        elif keyword in _COMPARED:
            if keyword not in _ABSENT or value != _ABSENT[keyword]:
                whole[keyword] = value
        elif keyword not in _NO_RULES:
            raise KeyError(f"{keyword}: say here how the two sides are to be compared in it")
    if "properties" in whole:
        whole.setdefault("required", [])
    return whole


def differences(documented: Schema, declared: Schema, field: str = "") -> Iterator[str]:
    """Say in what the document and a model differ, each with the field and the rule."""
    for keyword in sorted(documented.keys() | declared.keys()):
        one, other = documented.get(keyword), declared.get(keyword)
        if keyword == "properties" and one is not None and other is not None:
            for name in sorted(one.keys() | other.keys()):
                path = f"{field}.{name}".lstrip(".")
                if name in one and name in other:
                    yield from differences(one[name], other[name], path)
                else:
                    yield f"{path} is only {'in openapi.yaml' if name in one else 'in the model'}"
        elif keyword == "items" and one is not None and other is not None:
            yield from differences(one, other, f"{field}[]")
        elif one != other:
            yield f"{field or 'the whole'}: {keyword} is {_shown(one)} in openapi.yaml, {_shown(other)} in the model"


def _shown(value: Any) -> str:
    return "absent" if value is None else repr(value)
