"""What the client of every example language must do, checked over the wire against a scripted API.

A language hands in a `Call`: it performs one operation of its client (named as in JavaScript, options as a last
dictionary) without really waiting, and tells what came of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tests.e2e.example_checks import AWKWARD_ID, GZIP_OVER_BYTES, Answer, ScriptedApi, assert_one_call, refusal

SOURCE = "src_1"
ITEM = {"externalItemId": "a", "title": "A", "content": "Größe"}
TRIES = 8
RETRIED_CODES = (
    "apply_conflict",
    "stale_plan",
    "stale_base",
    "lease_lost",
    "apply_in_progress",
    "run_in_progress",
    "idempotency_in_progress",
)
FINAL_ERRORS = {
    (400, "validation_error"): "InvalidRequestError",
    (401, "invalid_key"): "UnauthorizedError",
    (403, "insufficient_scope"): "ForbiddenError",
    (404, "not_found"): "NotFoundError",
    (409, "idempotency_conflict"): "ConflictError",
    (409, "removal_guard"): "ConflictError",
    (413, "payload_too_large"): "InvalidRequestError",
    (415, "unsupported_media_type"): "InvalidRequestError",
}


@dataclass(frozen=True)
class Failure:
    """A typed exception as a language shows it."""

    kind: str
    code: str
    status: int | None
    details: list[dict[str, Any]]
    request_id: str | None


@dataclass(frozen=True)
class Outcome:
    """What came of an operation: its result (a list for an iterator) or its error, and the seconds between tries."""

    result: Any = None
    error: Failure | None = None
    waits: list[float] = field(default_factory=list)


Call = Callable[..., Outcome]


def rate_limit_is_waited_out(call: Call) -> None:
    with ScriptedApi(refusal(429, "rate_limited", retry_after=7), Answer(201, {"result": "created"})) as api:
        outcome = call(api, "pushItem", SOURCE, ITEM)
    assert outcome.result == {"result": "created"}
    assert_one_call(api.requests, 2)
    assert api.requests[0].body == ITEM
    assert len(outcome.waits) == 1
    assert 7 <= outcome.waits[0] <= 8.5


def transient_conflicts_are_retried_with_the_same_key(call: Call) -> None:
    for code in RETRIED_CODES:
        with ScriptedApi(refusal(409, code), refusal(409, code), Answer(200, {"status": "published"})) as api:
            outcome = call(api, "applyRun", SOURCE, "run_1")
        assert outcome.result == {"status": "published"}, code
        assert_one_call(api.requests, 3)


def failures_of_the_server_are_retried(call: Call) -> None:
    page = Answer(502, "<html>bad gateway</html>")
    failures = [refusal(503, "unavailable"), Answer(0), refusal(500, "internal_error"), page, refusal(504, "timeout")]
    with ScriptedApi(*failures, Answer(200, {"result": "updated"})) as api:
        outcome = call(api, "pushItem", SOURCE, ITEM)
    assert outcome.result == {"result": "updated"}
    assert_one_call(api.requests, 6)
    assert all(0 < wait <= 30 for wait in outcome.waits)
    assert outcome.waits[4] > 2 * outcome.waits[0]


def tries_come_to_an_end(call: Call) -> None:
    with ScriptedApi(*[refusal(500, "internal_error")] * (TRIES + 1)) as api:
        outcome = call(api, "removeItem", SOURCE, "a")
    assert outcome.error == Failure("ServerError", "internal_error", 500, [], "request-of-internal_error")
    assert_one_call(api.requests, TRIES)
    with ScriptedApi(*[Answer(0)] * (TRIES + 1)) as api:
        outcome = call(api, "item", SOURCE, "a")
    assert outcome.error == Failure("NoAnswerError", "no_answer", None, [], None)
    assert_one_call(api.requests, TRIES)


def jitter_spreads_the_tries(call: Call) -> None:
    with ScriptedApi(*[refusal(503, "unavailable")] * (2 * TRIES)) as api:
        first, second = (call(api, "item", SOURCE, "a").waits for _ in range(2))
    assert len(first) == len(second) == TRIES - 1
    assert first != second


def final_errors_are_typed_and_not_retried(call: Call) -> None:
    details = [{"index": 3, "path": "title", "message": "is too long"}]
    for (status, code), kind in FINAL_ERRORS.items():
        with ScriptedApi(refusal(status, code, details=details)) as api:
            outcome = call(api, "pushItem", SOURCE, ITEM)
        assert outcome.error == Failure(kind, code, status, details, f"request-of-{code}")
        assert_one_call(api.requests, 1)
        assert outcome.waits == []


def answers_of_something_else_are_errors(call: Call) -> None:
    with ScriptedApi(Answer(404, "<html>no such page</html>"), Answer(200, "<html>welcome</html>")) as api:
        missing = call(api, "item", SOURCE, "a").error
        welcome = call(api, "item", SOURCE, "a").error
    assert missing and (missing.kind, missing.code) == ("NotFoundError", "http_404")
    assert welcome and (welcome.kind, welcome.code) == ("ApiError", "http_200")


def too_long_a_wait_is_left_to_the_caller(call: Call) -> None:
    with ScriptedApi(refusal(429, "rate_limited", retry_after=3_600)) as api:
        outcome = call(api, "pushItem", SOURCE, ITEM)
    assert outcome.error and outcome.error.kind == "RateLimitedError"
    assert outcome.waits == []


def reviewed_plan_is_not_retried(call: Call) -> None:
    for code in ("stale_plan", "stale_base"):
        with ScriptedApi(refusal(409, code)) as api:
            outcome = call(api, "applyRun", SOURCE, "run_1", {"planVersion": 2})
        assert outcome.error and outcome.error.code == code
        assert [request.body for request in api.requests] == [{"planVersion": 2}]


def every_change_has_a_key_of_its_own(call: Call) -> None:
    with ScriptedApi(*[Answer(200, {"source": {}, "item": {}})] * 4) as api:
        call(api, "pushItem", SOURCE, ITEM)
        call(api, "pushItem", SOURCE, ITEM)
        call(api, "pushBatch", SOURCE, [ITEM], {"removals": ["b"], "idempotencyKey": "import-7"})
        call(api, "item", SOURCE, "a")
    first, second, batch, read = (request.headers.get("idempotency-key") for request in api.requests)
    assert first and second and first != second
    assert batch == "import-7"
    assert read is None
    assert api.requests[2].body == {"items": [ITEM], "removals": [{"externalItemId": "b"}]}


def large_bodies_are_gzipped(call: Call) -> None:
    small = ITEM | {"content": "x" * (GZIP_OVER_BYTES - 200)}
    large = ITEM | {"content": "x" * GZIP_OVER_BYTES}
    with ScriptedApi(Answer(), Answer(), refusal(503, "unavailable"), Answer()) as api:
        call(api, "pushItem", SOURCE, small)
        call(api, "pushItem", SOURCE, large)
        call(api, "pushBatch", SOURCE, [large])
    assert [request.headers.get("content-encoding") for request in api.requests] == [None, "gzip", "gzip", "gzip"]
    assert [request.body["content"] for request in api.requests[:2]] == [small["content"], large["content"]]
    assert len(api.requests[1].raw) < 10_000
    assert all(request.headers["content-type"] == "application/json" for request in api.requests)
    assert_one_call(api.requests[2:], 2)


def ids_are_percent_encoded(call: Call) -> None:
    names = (AWKWARD_ID, "a/../b", "100%25", "🌱\u200d+;,:@&=", "%2e%2e")
    with ScriptedApi(*[Answer(200, {"item": {}})] * (2 * len(names))) as api:
        for name in names:
            call(api, "item", SOURCE, name)
            call(api, "removeItem", SOURCE, name)
    expected = [f"/api/v1/sources/{SOURCE}/items/{quote(name, safe='')}" for name in names for _ in range(2)]
    assert [request.target for request in api.requests] == expected
    with ScriptedApi() as api:
        assert all(call(api, "item", SOURCE, name).error for name in ("", ".", ".."))
    assert api.requests == []


def pages_are_read_to_the_end(call: Call) -> None:
    pages = [
        Answer(200, {"items": [{"n": 1}, {"n": 2}], "nextCursor": "a-_b"}),
        refusal(429, "rate_limited", retry_after=1),
        Answer(200, {"items": [], "nextCursor": "c"}),
        Answer(200, {"items": [{"n": 3}], "nextCursor": None}),
    ]
    with ScriptedApi(*pages) as api:
        outcome = call(api, "items", SOURCE, {"state": "removed", "prefix": "a&b=ü"})
    assert outcome.result == [{"n": 1}, {"n": 2}, {"n": 3}]
    asked = [parse_qs(urlsplit(request.target).query) for request in api.requests]
    assert [query.pop("cursor", None) for query in asked] == [None, ["a-_b"], ["a-_b"], ["c"]]
    assert all(query == {"state": ["removed"], "prefix": ["a&b=ü"], "limit": ["200"]} for query in asked)


def large_sets_go_in_parts(call: Call) -> None:
    items = [{"externalItemId": f"{number}", "title": "T", "content": "c"} for number in range(1_500)]
    snapshot = {"id": "snp_1", "state": "open", "counts": {"created": 0}}
    completing = Answer(202, {"snapshot": snapshot | {"state": "completing"}})
    completed = Answer(200, {"snapshot": snapshot | {"state": "completed", "counts": {"created": 1_500}}})
    answers = [Answer(201, {"snapshot": snapshot}), Answer(), Answer(), completing, completed]
    with ScriptedApi(*answers) as api:
        outcome = call(api, "replaceItems", SOURCE, items)
    assert outcome.result == {"created": 1_500}
    path = f"/api/v1/sources/{SOURCE}/snapshots"
    assert [(request.method, request.target) for request in api.requests] == [
        ("POST", path),
        ("PUT", f"{path}/snp_1/parts/1"),
        ("PUT", f"{path}/snp_1/parts/2"),
        ("POST", f"{path}/snp_1/complete"),
        ("POST", f"{path}/snp_1/complete"),
    ]
    assert [item for request in api.requests[1:3] for item in request.body["items"]] == items
    assert [request.body for request in api.requests[3:]] == [{"parts": 2, "items": 1_500}] * 2
    with ScriptedApi(Answer(201, {"snapshot": snapshot}), refusal(413, "payload_too_large"), Answer()) as api:
        outcome = call(api, "replaceItems", SOURCE, items)
    assert outcome.error and outcome.error.code == "payload_too_large"
    assert (api.requests[2].method, api.requests[2].target) == ("DELETE", f"{path}/snp_1")


def small_sets_go_at_once(call: Call) -> None:
    snapshot = {"id": "snp_1", "state": "completing", "counts": {}}
    completed = Answer(200, {"snapshot": snapshot | {"state": "completed", "counts": {"removed": 9}}})
    with ScriptedApi(Answer(200, {"counts": {"created": 1}}), Answer(202, {"snapshot": snapshot}), completed) as api:
        assert call(api, "replaceItems", SOURCE, [ITEM]).result == {"created": 1}
        assert call(api, "replaceItems", SOURCE, [], {"allowEmpty": True}).result == {"removed": 9}
    assert [request.body for request in api.requests[:2]] == [
        {"items": [ITEM], "allowEmpty": False},
        {"items": [], "allowEmpty": True},
    ]
    assert api.requests[2].target.endswith("/snapshots/snp_1/complete")


def runs_are_waited_for(call: Call) -> None:
    run = {"id": "run_1", "state": "planning", "lastError": None}
    ready = run | {"state": "ready"}
    failed = run | {"state": "failed", "lastError": {"code": "internal_error", "message": "it broke"}}
    with ScriptedApi(Answer(202, {"run": run}), Answer(200, {"run": run}), Answer(200, {"run": ready})) as api:
        outcome = call(api, "startRun", SOURCE)
    assert outcome.result == ready
    assert [request.method for request in api.requests] == ["POST", "GET", "GET"]
    with ScriptedApi(Answer(201, {"run": failed})) as api:
        outcome = call(api, "startRun", SOURCE, "full")
    assert outcome.error and (outcome.error.kind, outcome.error.code) == ("RunFailedError", "internal_error")
    assert api.requests[0].body == {"mode": "full"}


CLIENT_CHECKS: tuple[Callable[[Call], None], ...] = (
    rate_limit_is_waited_out,
    transient_conflicts_are_retried_with_the_same_key,
    failures_of_the_server_are_retried,
    tries_come_to_an_end,
    jitter_spreads_the_tries,
    final_errors_are_typed_and_not_retried,
    answers_of_something_else_are_errors,
    too_long_a_wait_is_left_to_the_caller,
    reviewed_plan_is_not_retried,
    every_change_has_a_key_of_its_own,
    large_bodies_are_gzipped,
    ids_are_percent_encoded,
    pages_are_read_to_the_end,
    large_sets_go_in_parts,
    small_sets_go_at_once,
    runs_are_waited_for,
)
