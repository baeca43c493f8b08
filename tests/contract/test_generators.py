"""What makes code of openapi.yaml trips over: none of it is in the document.

Each rule names the generators that need it. That the code they make compiles and runs is another test's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from testing import spec

Schema = dict[str, Any]

# What generators call the types that they make for an operation: openapi-generator, hey-api, orval, oapi-codegen, and,
# with a number behind it, openapi-python-client.
_OF_AN_OPERATION = re.compile(r"(operation)?(request|responses?|params|parameters|data|errors?|body)?(\d{3})?")


def schemas() -> dict[str, Schema]:
    return spec.document()["components"]["schemas"]


def media(holder: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from spec.resolve(holder).get("content", {}).values()


def parts_of(schema: Schema, place: str) -> Iterator[tuple[str, Schema]]:
    """Find a schema and all that it holds, each with its place; references are not followed."""
    yield place, schema
    for name, field in schema.get("properties", {}).items():
        yield from parts_of(field, f"{place}.{name}")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from parts_of(schema[name], f"{place}[]")
    for part in schema.get("allOf", ()):
        yield from parts_of(part, place)


def every_part() -> Iterator[tuple[str, Schema]]:
    for name, schema in schemas().items():
        yield from parts_of(schema, name)


def sent() -> dict[str, Schema]:
    """Find the schemas that bodies of requests are made of."""
    found: dict[str, Schema] = {}

    def take(schema: Schema) -> None:
        for _, part in parts_of(schema, ""):
            name = part.get("$ref", "").rpartition("/")[2]
            if name and name not in found:
                found[name] = schemas()[name]
                take(found[name])

    for operation in spec.operations():
        for each in media(operation.request_body() or {}):
            take(each["schema"])
    return found


def pascal(operation_id: str) -> str:
    return "".join(word.capitalize() for word in operation_id.split("_"))


@pytest.mark.parametrize("operation", spec.operations(), ids=lambda operation: operation.name)
def test_every_body_is_a_schema_with_a_name(operation: spec.SpecOperation) -> None:
    """An inline one gets a name of the generator's making, another for each status, such as PushItemResponse201."""
    holders = [*operation.spec["responses"].values(), operation.request_body() or {}]
    for each in [found for holder in holders for found in media(holder)]:
        assert list(each["schema"]) == ["$ref"], each["schema"]


def test_no_schema_is_named_like_what_generators_make_of_an_operation() -> None:
    """Two types of one name don't compile: typescript-fetch calls the parameters of `redeliver` RedeliverRequest."""
    clashes = []
    for operation in spec.operations():
        body = next(media(operation.request_body() or {}), {"schema": {"$ref": ""}})["schema"]["$ref"]
        for name in schemas():
            behind = name.lower().removeprefix(pascal(operation.name).lower())
            if len(behind) == len(name) or not _OF_AN_OPERATION.fullmatch(behind):
                continue
            # A body is called after its operation, which generators expect.
            if not (body.endswith(f"/{name}") and behind == "request"):
                clashes.append((operation.name, name))
    assert clashes == []
    # Some generators know no capitals in names of files.
    assert len({name.lower() for name in schemas()}) == len(schemas())


def test_operations_are_told_apart_however_a_generator_writes_them() -> None:
    names = [operation.name for operation in spec.operations()]
    assert len({name.replace("_", "").lower() for name in names}) == len(names)


def test_nothing_that_is_sent_has_a_default() -> None:
    """For openapi-typescript a field with a default is always there, so that nobody could leave it out."""
    found = [place for name, schema in sent().items() for place, part in parts_of(schema, name) if "default" in part]
    assert found == []


def test_an_object_says_what_it_may_hold() -> None:
    """Without either, openapi-typescript makes `Record<string, never>`, which no metadata fits."""
    unsaid = [
        place
        for place, part in every_part()
        if part.get("type") == "object" and not {"properties", "additionalProperties"} & part.keys()
    ]
    assert unsaid == []
    free = [part for place, part in every_part() if place.endswith(".metadata")]
    assert len(free) >= 7 and all(part["additionalProperties"] is True for part in free)


def test_no_tool_finds_a_key_to_send_with_every_request() -> None:
    """One with an example or a default of it would send that with every write, and the second would be refused."""
    parameter = spec.document()["components"]["parameters"]["IdempotencyKey"]
    assert not {"example", "examples"} & parameter.keys()
    assert not {"example", "default", "enum"} & parameter["schema"].keys()
    assert parameter["required"] is False


def test_a_server_can_be_named() -> None:
    """One URL, of which the host is to be filled in: Postman and generators ask for it."""
    (server,) = spec.document()["servers"]
    assert re.findall(r"{(\w+)}", server["url"]) == list(server["variables"]) == ["host"]
    assert server["url"].format(host=server["variables"]["host"]["default"]) == "https://api.example.com/api"
    assert spec.document()["info"]["contact"]["name"]
