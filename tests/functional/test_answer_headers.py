"""What every answer tells browsers and caches, whatever it is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from httpapi import deprecations
from httpapi.deprecations import Deprecation
from httpapi.responses import ALWAYS
from knowledge.errors import ServiceUnavailableError

from testing import spec
from testing.edge import Edge, Reply

SOURCES = "/v1/sources"


def told(reply: Reply) -> dict[str, str]:
    return {name: reply.headers.get(name.lower(), "") for name in ALWAYS}


def failing(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("request_of", "status"),
    [
        (lambda edge: edge.request("GET", "/health", key=None), 200),
        (lambda edge: edge.request("GET", "/v1/whoami"), 200),
        (lambda edge: edge.request("POST", SOURCES, {"name": "Help"}), 201),
        (lambda edge: edge.request("POST", SOURCES, {}), 400),
        (lambda edge: edge.request("GET", SOURCES, key=None), 401),
        (lambda edge: edge.request("POST", SOURCES, {}, key=edge.key(edge.admin, scopes=())), 403),
        (lambda edge: edge.request("GET", "/v1/nothing"), 404),
        (lambda edge: edge.request("PUT", SOURCES), 405),
        (lambda edge: edge.request("OPTIONS", SOURCES), 204),
    ],
)
def test_answer_is_neither_kept_nor_guessed_at(edge: Edge, request_of: Any, status: int) -> None:
    edge.create_machine()
    reply = request_of(edge)
    assert reply.status == status
    assert told(reply) == ALWAYS


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("broken"), 500), (ServiceUnavailableError(), 503)])
def test_nor_is_one_that_failed(edge: Edge, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int) -> None:
    monkeypatch.setattr(edge.services.authenticator, "identify_key", failing(error))
    reply = edge.request("GET", SOURCES)
    assert (reply.status, told(reply)) == (status, ALWAYS)


def test_all_answers_of_what_is_going_to_end_say_so(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    path, source = f"{SOURCES}/{{sourceId}}", edge.source()
    names = ("deprecation", "sunset", "link")

    def ends(*asked: Any, **how: Any) -> list[str | None]:
        return [edge.request(*asked, **how).headers.get(name) for name in names]

    assert ends("GET", f"{SOURCES}/{source}") == [None, None, None]
    end = Deprecation(date(2027, 1, 31), date(2028, 2, 1), "/api/site/docs")
    monkeypatch.setattr(deprecations, "DEPRECATIONS", {("GET", path): end})
    monkeypatch.setitem(spec.document()["paths"][path]["get"], "deprecated", True)
    told = ["@1801353600", "Tue, 01 Feb 2028 00:00:00 GMT", '</api/site/docs>; rel="deprecation"; type="text/html"']
    assert ends("GET", f"{SOURCES}/{source}") == ends("HEAD", f"{SOURCES}/{source}") == told
    assert ends("GET", f"{SOURCES}/src_01K0000000000000000000000Z") == told, "a refusal, too"
    assert ends("GET", f"{SOURCES}/{source}", key=None) == told
    tag = edge.request("GET", f"{SOURCES}/{source}").headers["etag"]
    assert ends("GET", f"{SOURCES}/{source}", headers={"If-None-Match": tag}) == told
    assert ends("GET", SOURCES) == ends("PATCH", f"{SOURCES}/{source}", {"name": "Other"}) == [None, None, None]


def test_values_are_what_scanners_ask_for() -> None:
    assert ALWAYS["Cache-Control"] == "no-store"
    assert ALWAYS["X-Content-Type-Options"] == "nosniff"
    seconds = int(ALWAYS["Strict-Transport-Security"].partition(";")[0].removeprefix("max-age="))
    assert seconds >= 31_536_000
