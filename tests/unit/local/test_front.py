"""The gateway's own decisions, with functions that answer at once or never."""

import json
import threading

import pytest

from local.gateway.events import Request
from local.gateway.front import INTEGRATION_SECONDS, Front
from local.workers.functions import MAX_PAYLOAD_BYTES, Outcome, failure

URI = "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/arn:aws:lambda:r:1:function:api/invocations"


class Pool:
    """Stands in for the workers of one function."""

    def __init__(self, outcome: Outcome | None) -> None:
        self.outcome = outcome
        self.ended = threading.Event()

    def invoke(self, event: bytes, request_id: str) -> Outcome:
        if self.outcome is None:
            self.ended.wait(60)
        return self.outcome or Outcome(b"{}")


def front(outcome: Outcome | None) -> Front:
    refusals = {
        name: {"statusCode": status, "responseTemplates": {"application/json": json.dumps({"code": name})}}
        for name, status in {
            "DEFAULT_5XX": 500,
            "INTEGRATION_FAILURE": 500,
            "INTEGRATION_TIMEOUT": 504,
            "REQUEST_TOO_LARGE": 413,
            "MISSING_AUTHENTICATION_TOKEN": 404,
        }.items()
    }
    document = {
        "x-amazon-apigateway-binary-media-types": ["*/*"],
        "x-amazon-apigateway-gateway-responses": refusals,
        "paths": {"/{proxy+}": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": {"uri": URI}}}},
    }
    # Only a function that never answers is cut off here: one that answers at once has all the time of a busy machine.
    seconds = 0.05 if outcome is None else INTEGRATION_SECONDS
    return Front(document, "api", {"api": Pool(outcome)}, integration_seconds=seconds)


def request(path: str = "/v1/x", body: bytes = b"") -> Request:
    return Request("POST", path, "", [("Host", "localhost")], body, "127.0.0.1", "request-1")


@pytest.mark.parametrize(
    ("outcome", "sent", "status", "code"),
    [
        (failure("Runtime.ExitError", "gone"), request(), 500, "INTEGRATION_FAILURE"),
        (Outcome(b'"no response"'), request(), 500, "DEFAULT_5XX"),
        (None, request(), 504, "INTEGRATION_TIMEOUT"),
        (Outcome(b"{}"), request(body=b"x" * (MAX_PAYLOAD_BYTES * 3 // 4)), 413, "REQUEST_TOO_LARGE"),
        (Outcome(b"{}"), request(path="/"), 404, "MISSING_AUTHENTICATION_TOKEN"),
    ],
    ids=["dead", "malformed", "slow", "large", "unknown"],
)
def test_gateway_answers_for_functions_that_cannot(outcome: Outcome, sent: Request, status: int, code: str) -> None:
    response = front(outcome).answer(sent)
    assert (response.status, json.loads(response.body)["code"]) == (status, code)


def test_largest_body_that_fits_reaches_the_function() -> None:
    answered = Outcome(json.dumps({"statusCode": 200, "body": "ok"}).encode())
    assert front(answered).answer(request(body=b"x" * 4_500_000)).status == 200


def test_invoke_marks_what_the_function_failed() -> None:
    response = front(failure("ValueError", "no")).invoke("arn:aws:lambda:r:1:function:api", b"{}", "request-1")
    assert (response.status, dict(response.headers)["X-Amz-Function-Error"]) == (200, "Unhandled")
    assert "X-Amz-Function-Error" not in dict(front(Outcome(b"1")).invoke("api", b"", "request-1").headers)


def test_invoke_of_an_unknown_function_or_with_too_much_is_refused() -> None:
    assert front(None).invoke("other", b"{}", "request-1").status == 404
    assert front(None).invoke("api", b"x" * (MAX_PAYLOAD_BYTES + 1), "request-1").status == 413
