"""openapi.yaml against the routes, in both directions, and against what API Gateway takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from httpapi.error_table import TABLE
from openapi_spec_validator import validate

from testing import spec
from testing.edge import load_app

FUNCTIONS = ("developer_api", "admin_api", "search_api")


def routes() -> dict[tuple[str, str], tuple[str, Any]]:
    return {
        (operation.method, operation.path): (function, operation)
        for function in FUNCTIONS
        for operation in load_app(function).api.operations
    }


def test_document_is_valid() -> None:
    validate(spec.document())


def test_every_route_is_documented_and_every_operation_is_routed() -> None:
    documented = {(operation.method, operation.path): operation.function for operation in spec.operations()}
    assert documented == {where: function for where, (function, _) in routes().items()}


def test_what_takes_no_key_is_declared_so_and_little() -> None:
    documented = {operation.name for operation in spec.operations() if operation.open}
    assert documented == {operation.name for _, operation in routes().values() if operation.open} == {"check_health"}
    # Nothing that brings ids, queries or bodies may do without.
    for operation in (each for each in spec.operations() if each.open):
        assert (operation.method, operation.scope, operation.request_body()) == ("GET", None, None)
        assert "{" not in operation.path
        assert not [each for where in ("query", "header", "path") for each in operation.parameters(where)]


def test_operations_are_named_like_their_routes() -> None:
    named = {(operation.method, operation.path): operation.name for operation in spec.operations()}
    assert named == {where: operation.name for where, (_, operation) in routes().items()}


@pytest.mark.parametrize("operation", spec.operations(), ids=lambda operation: operation.name)
def test_operation_takes_what_its_route_takes(operation: spec.SpecOperation) -> None:
    _, route = routes()[operation.method, operation.path]
    body = operation.request_body()
    assert (body is not None) == (route.body is not None)
    assert body is None or body["required"] == route.body_required
    in_path = {parameter["name"] for parameter in operation.parameters("path")}
    assert in_path == set(re.findall(r"{(\w+)}", operation.path))
    in_query = {parameter["name"] for parameter in operation.parameters("query")}
    assert in_query == {field.alias or name for name, field in route.query.model_fields.items()}
    in_header = {parameter["name"] for parameter in operation.parameters("header")}
    wanted = {"Idempotency-Key"} if route.mutating else set()
    wanted |= {"If-Match"} if route.takes_if_match else set()
    wanted |= {"If-None-Match"} if route.tagged or route.takes_if_absent else set()
    assert in_header == wanted
    assert (304 in operation.statuses(), 412 in operation.statuses()) == (route.tagged, route.takes_if_match)


def test_developer_api_knows_the_paths_that_another_function_serves() -> None:
    elsewhere: dict[str, set[str]] = {}
    for operation in spec.operations():
        whole = "x-amazon-apigateway-any-method" in spec.document()["paths"][operation.path]
        if operation.function != "developer_api" and not whole:
            elsewhere.setdefault(operation.path, set()).add(operation.method)
    declared = load_app("developer_api").PATHS_ELSEWHERE
    assert {path: set(methods) for path, methods in declared.items()} == elsewhere


def test_every_code_of_the_table_is_documented() -> None:
    documented = set(spec.document()["components"]["schemas"]["Error"]["properties"]["code"]["enum"])
    # The gateway alone says that a request timed out.
    assert TABLE.keys() | {"timeout"} == documented


def test_every_example_fits_its_schema() -> None:
    for schema, example in _examples():
        assert spec.schema_faults(schema, example) == [], example


def _examples() -> Iterator[tuple[dict[str, Any], Any]]:
    for operation in spec.operations():
        documented = [operation.response(status) for status in operation.statuses()]
        for holder in [*documented, operation.request_body() or {"content": {}}]:
            for media in holder.get("content", {}).values():
                if "example" in media:
                    yield media["schema"], media["example"]
                for example in media.get("examples", {}).values():
                    yield media["schema"], example["value"]


def test_every_media_type_is_binary_and_what_is_no_operation_goes_to_two_functions() -> None:
    assert spec.document()["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    catch_all = [path for path, item in spec.document()["paths"].items() if "x-amazon-apigateway-any-method" in item]
    readable = [each.path for each in spec.operations() if each.method == "GET" and each.function != "developer_api"]
    assert catch_all == [*readable, "/openapi.json", "/site/{file+}", "/{proxy+}"]


def test_what_is_made_is_told_where_it_is() -> None:
    made = {each.name for each in spec.operations() for status in (201, 202) if "Location" in _headers_of(each, status)}
    # A link is for whoever gets it: nobody reads it again.
    made.add("create_sign_in_link")
    assert made >= {each.name for each in spec.operations() if 201 in each.statuses()}
    # What of 202 makes nothing that could be read: it goes on with something that is there.
    nothing = {"call_assistant_tools", "redeliver", "redeliver_failed", "delete_source", "complete_snapshot"}
    assert made == {each.name for each in spec.operations() if each.statuses() & {201, 202}} - nothing


def _headers_of(operation: spec.SpecOperation, status: int) -> dict[str, Any]:
    return operation.response(status)["headers"] if status in operation.statuses() else {}


def test_schemas_hold_only_what_api_gateway_imports() -> None:
    text = spec.PATH.read_text()
    assert "x-amazon-apigateway-request-validator" not in text
    assert not [token for token in yaml.scan(text) if isinstance(token, (yaml.AliasToken, yaml.AnchorToken))]
    assert "!" not in re.findall(r"(?m)^\s*\w+: (!)\w", text)
    refused = {"oneOf", "anyOf", "discriminator", "readOnly", "exclusiveMinimum", "exclusiveMaximum", "example"}
    for name, schema in spec.document()["components"]["schemas"].items():
        assert name.isalnum()
        assert not refused & set(_keywords(schema)), name


def _keywords(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for entry in schema:
            yield from _keywords(entry)
    elif isinstance(schema, dict):
        for name, value in schema.items():
            if name == "properties":
                yield from _keywords(list(value.values()))
            else:
                yield name
                yield from _keywords(value)


def test_every_gateway_response_has_the_error_shape() -> None:
    answers = spec.document()["x-amazon-apigateway-gateway-responses"]
    for name, answer in answers.items():
        body = yaml.safe_load(answer["responseTemplates"]["application/json"])
        assert spec.schema_faults({"$ref": "#/components/schemas/Error"}, body) == [], name
        assert answer["statusCode"] != "502"


@pytest.mark.parametrize("operation", spec.operations(), ids=lambda operation: operation.name)
def test_operation_documents_every_way_it_may_end(operation: spec.SpecOperation) -> None:
    wanted = {429, 500, 503, 504}
    wanted |= set() if operation.open else {401}
    wanted |= {400} if operation.mutating or operation.parameters("query") or operation.parameters("path") else set()
    wanted |= {403} if operation.scope else set()
    wanted |= {404} if operation.parameters("path") else set()
    wanted |= {409} if operation.mutating else set()
    wanted |= {413, 415} if operation.request_body() else set()
    assert wanted <= operation.statuses()
    assert [status for status in operation.statuses() if status < 300]


@pytest.mark.parametrize("operation", spec.operations(), ids=lambda operation: operation.name)
def test_operation_shows_an_example_of_every_body_and_describes_every_header(operation: spec.SpecOperation) -> None:
    body = operation.request_body()
    for holder in [operation.response(status) for status in operation.statuses()] + ([body] if body else []):
        # 202 may say nothing more, and 304 can't.
        bare = [operation.response(each) for each in {202, 304} & operation.statuses()]
        if "content" not in holder and holder in bare:
            continue
        media = holder["content"]["application/json"]
        assert "example" in media or media.get("examples"), holder
    for status in operation.statuses():
        headers = {name: spec.resolve(header) for name, header in operation.response(status)["headers"].items()}
        assert "X-Request-Id" in headers
        assert all(header["description"] and header["schema"] for header in headers.values())
        rates = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
        assert status >= 300 or operation.open or rates <= headers.keys()
        assert status not in {429, 503} or "Retry-After" in headers
