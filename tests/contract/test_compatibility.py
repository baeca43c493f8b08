"""The contract breaks nothing of the one that was released last: docs/compatibility.md.

`released/` holds one file, the contract of the last release, named by its version. Until there is one nothing has been
released; from then on what breaks something of it has to be a new version of the API.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from httpapi.deprecations import DEPRECATIONS, Deprecation, OperationKey

from testing import spec
from testing.contract_changes import breaking_changes

RELEASED = Path(__file__).parent / "released"


def released() -> list[Path]:
    return sorted(RELEASED.glob("*.yaml"))


def test_nothing_of_the_last_release_is_broken() -> None:
    for path in released():
        old = spec.read_document(path)
        assert path.stem == old["info"]["version"]
        assert breaking_changes(old, spec.document()) == [], f"a new version, or not this: {path.name}"


def untold(marked: dict[OperationKey, str], table: Mapping[OperationKey, Deprecation]) -> list[str]:
    """Where the operations that a contract marks, by their descriptions, and the table say different things."""
    wrong = [f"{' '.join(each)}: in one of the two alone" for each in sorted(marked.keys() ^ table.keys())]
    lacking = [each for each in marked.keys() & table.keys() if table[each].sunset.isoformat() not in marked[each]]
    return wrong + [f"{' '.join(each)}: the day of its end is not in its description" for each in sorted(lacking)]


def test_what_is_going_to_end_is_marked_and_told_alike() -> None:
    marked = {
        (each.method, each.path): each.spec["description"] for each in spec.operations() if each.spec.get("deprecated")
    }
    assert untold(marked, DEPRECATIONS) == []


def test_end_that_is_told_in_one_place_alone_is_named() -> None:
    one, other = ("GET", "/v1/one"), ("GET", "/v1/other")
    end = Deprecation(date(2027, 1, 1), date(2028, 1, 1), "/api/site/docs")
    assert untold({one: "Until 2028-01-01."}, {one: end}) == []
    assert untold({one: "Soon."}, {one: end}) == ["GET /v1/one: the day of its end is not in its description"]
    assert untold({one: "Until 2028-01-01."}, {other: end}) == [
        "GET /v1/one: in one of the two alone",
        "GET /v1/other: in one of the two alone",
    ]


def test_at_most_one_release_is_held_against() -> None:
    assert len(released()) <= 1
    # A version that was written into the changelog with its day is a release, and its contract lies here.
    changelog = (RELEASED.parents[2] / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"(?m)^## \[(\d+\.\d+\.\d+)\]", changelog)
    assert [path.stem for path in released()] == ([newest[1]] if newest else [])


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def operation(document: Any, method: str, path: str) -> Any:
    return document["paths"][path][method]


def parameter(document: Any, name: str) -> Any:
    return document["components"]["parameters"][name]


SOURCES = "/v1/sources"
BREAKING: dict[str, Callable[[Any], Any]] = {
    "GET /v1/sources: the operation is gone": lambda new: new["paths"][SOURCES].pop("get"),
    "RunReadyEvent: the event is gone": lambda new: new["components"]["schemas"].pop("RunReadyEvent"),
    "RunReadyEvent.data.runId is gone": lambda new: schema(new, "RunReadyEvent")["properties"]["data"][
        "properties"
    ].pop("runId"),
    "GET /v1/sources: operationId is sources, and was list_sources": lambda new: operation(new, "get", SOURCES).update(
        operationId="sources"
    ),
    "GET /health: it takes a key": lambda new: operation(new, "get", "/health").pop("security"),
    "GET /v1/sources: the parameter limit is gone": lambda new: operation(new, "get", SOURCES)["parameters"].remove(
        {"$ref": "#/components/parameters/Limit"}
    ),
    "GET /v1/sources limit: maximum is 100, and was 1000": lambda new: parameter(new, "Limit")["schema"].update(
        maximum=100
    ),
    "GET /v1/sources: the parameter cursor is required": lambda new: parameter(new, "Cursor").update(required=True),
    "POST /v1/sources/{sourceId}/runs: a body is required": lambda new: operation(
        new, "post", SOURCES + "/{sourceId}/runs"
    )["requestBody"].update(required=True),
    "POST /v1/sources: it takes no body any more": lambda new: operation(new, "post", SOURCES).pop("requestBody"),
    "POST /v1/sources: it does not answer 201 any more": lambda new: operation(new, "post", SOURCES)["responses"].pop(
        "201"
    ),
    "GET /v1/sources 200: the header RateLimit-Reset is gone": lambda new: operation(new, "get", SOURCES)["responses"][
        "200"
    ]["headers"].pop("RateLimit-Reset"),
    "POST /v1/sources body.graceDays is gone": lambda new: schema(new, "CreateSourceRequest")["properties"].pop(
        "graceDays"
    ),
    "POST /v1/sources body.graceDays is required": lambda new: schema(new, "CreateSourceRequest")["required"].append(
        "graceDays"
    ),
    "POST /v1/sources body.serving: off is refused": lambda new: schema(new, "CreateSourceRequest")["properties"][
        "serving"
    ]["enum"].remove("off"),
    "POST /v1/sources body.name: enum": lambda new: schema(new, "CreateSourceRequest")["properties"]["name"].update(
        enum=["one"]
    ),
    "POST /v1/sources body.graceDays: minimum is 1, and was 0": lambda new: schema(new, "CreateSourceRequest")[
        "properties"
    ]["graceDays"].update(minimum=1),
    "POST /v1/sources body.name: pattern is ^a$": lambda new: schema(new, "CreateSourceRequest")["properties"][
        "name"
    ].update(pattern="^a$"),
    "POST /v1/sources/{sourceId}/items body.metadata: null is refused": lambda new: schema(new, "ItemInput")[
        "properties"
    ]["metadata"].pop("nullable"),
    "POST /v1/sources/{sourceId}/items body.metadata: fields of one's own": lambda new: schema(new, "ItemInput")[
        "properties"
    ]["metadata"].update(additionalProperties=False),
    "GET /v1/sources 200.sources[].name is gone": lambda new: schema(new, "Source")["properties"].pop("name"),
    "GET /v1/sources 200.sources[].name may be null": lambda new: schema(new, "Source")["properties"]["name"].update(
        nullable=True
    ),
    "GET /v1/sources 200.sources[].name may be left out": lambda new: schema(new, "Source")["required"].remove("name"),
    "GET /v1/sources 200.sources[].graceDays: type is string, and was integer": lambda new: schema(new, "Source")[
        "properties"
    ]["graceDays"].update(type="string"),
}
ADDITIONS: dict[str, Callable[[Any], Any]] = {
    "an operation": lambda new: new["paths"].update({"/v1/more": {"get": operation(new, "get", SOURCES)}}),
    "a parameter": lambda new: operation(new, "get", SOURCES)["parameters"].append(
        {"name": "more", "in": "query", "schema": {"type": "string"}}
    ),
    "a field of a request": lambda new: schema(new, "CreateSourceRequest")["properties"].update(
        more={"type": "string", "enum": ["a"]}
    ),
    "a field of an answer": lambda new: (
        schema(new, "Source")["properties"].update(more={"type": "string", "nullable": True}),
        schema(new, "Source")["required"].append("more"),
    ),
    "a value of an answer": lambda new: schema(new, "Run")["properties"]["state"]["enum"].append("discarded"),
    "a wider bound": lambda new: parameter(new, "Limit")["schema"].update(maximum=1_000),
    "a status of a refusal": lambda new: operation(new, "get", SOURCES)["responses"].update({"412": {}}),
    "a code of an error": lambda new: schema(new, "Error")["properties"]["code"]["enum"].append("more"),
    "a type of event": lambda new: new["components"]["schemas"].update(MoreEvent={"type": "object"}),
    "another description": lambda new: schema(new, "Source").update(description="Other words."),
}


def changed(change: Callable[[Any], Any]) -> list[str]:
    new = copy.deepcopy(spec.document())
    change(new)
    return breaking_changes(spec.document(), new)


@pytest.mark.parametrize("said", BREAKING)
def test_breaking_change_is_named(said: str) -> None:
    found = changed(BREAKING[said])
    place, _, rule = said.partition(": ")
    wanted = f"{place}: some values is refused" if rule == "enum" else said
    assert [line for line in found if line.startswith(wanted)], found


@pytest.mark.parametrize("added", ADDITIONS)
def test_addition_breaks_nothing(added: str) -> None:
    assert changed(ADDITIONS[added]) == []


def test_contract_breaks_nothing_of_itself() -> None:
    assert breaking_changes(spec.document(), spec.document()) == []
