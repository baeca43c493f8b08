import json

import pytest
from httpapi.responses import ALWAYS

from local.gateway.refusals import Refusals
from local.template.load import ROOT, read_yaml

EXTENSION = "x-amazon-apigateway-gateway-responses"
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
EXPECTED = {
    "ACCESS_DENIED": (403, "insufficient_scope"),
    "API_CONFIGURATION_ERROR": (500, "internal_error"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "internal_error"),
    "AUTHORIZER_FAILURE": (500, "internal_error"),
    "BAD_REQUEST_BODY": (400, "validation_error"),
    "BAD_REQUEST_PARAMETERS": (400, "validation_error"),
    "DEFAULT_4XX": (400, "validation_error"),
    "DEFAULT_5XX": (500, "internal_error"),
    "EXPIRED_TOKEN": (401, "key_expired"),
    "INTEGRATION_FAILURE": (500, "internal_error"),
    "INTEGRATION_TIMEOUT": (504, "timeout"),
    "INVALID_API_KEY": (401, "invalid_key"),
    "INVALID_SIGNATURE": (404, "not_found"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "not_found"),
    "QUOTA_EXCEEDED": (429, "rate_limited"),
    "REQUEST_TOO_LARGE": (413, "payload_too_large"),
    "RESOURCE_NOT_FOUND": (404, "not_found"),
    "THROTTLED": (429, "rate_limited"),
    "UNAUTHORIZED": (401, "unauthorized"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "unsupported_media_type"),
    "WAF_FILTERED": (403, "insufficient_scope"),
}


@pytest.fixture(scope="module")
def document() -> dict:
    return read_yaml(ROOT / "openapi.yaml")


def test_every_response_type_is_overridden(document: dict) -> None:
    assert set(document[EXTENSION]) == set(EXPECTED)


@pytest.mark.parametrize("response_type", EXPECTED)
def test_every_response_has_the_error_shape(document: dict, response_type: str) -> None:
    response = Refusals(document).response(response_type, "request-1")
    body = json.loads(response.body)
    assert (response.status, body["code"]) == EXPECTED[response_type]
    assert set(body) == {"error", "code"}
    headers = dict(response.headers)
    assert headers["X-Request-Id"] == "request-1"
    assert ALWAYS.items() <= headers.items()
    assert headers.get("Retry-After") == ("60" if response.status == 429 else None)


def test_type_without_a_definition_falls_back_to_its_default() -> None:
    default = {"statusCode": "500", "responseTemplates": {"application/json": '{"id": "$context.requestId"}'}}
    response = Refusals({EXTENSION: {"DEFAULT_5XX": default}}).response("INTEGRATION_TIMEOUT", "request-1")
    assert (response.status, json.loads(response.body)) == (500, {"id": "request-1"})


def test_api_without_definitions_answers_as_the_gateway_does() -> None:
    response = Refusals({}).response("MISSING_AUTHENTICATION_TOKEN", "request-1")
    assert (response.status, json.loads(response.body)) == (403, {"message": "MISSING_AUTHENTICATION_TOKEN"})
