"""The line that each request leaves: whose it was, what came of it, and what is counted of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from httpapi.keys.tokens import checksum

from testing.edge import Edge


@pytest.fixture
def lines(edge: Edge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The lines of requests since the last call."""
    monkeypatch.setenv("METRICS_NAMESPACE", "stack")
    capsys.readouterr()

    def read() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
        return [line for line in found if line["message"] == "request_answered"]

    return read


def metrics_of(line: dict[str, Any]) -> list[str]:
    directives = line.get("_aws", {}).get("CloudWatchMetrics", [])
    return [each["Name"] for directive in directives for each in directive["Metrics"]]


def test_push_is_told_with_its_ids_and_counted(edge: Edge, lines: Any) -> None:
    source_id = edge.source()
    lines()
    reply = edge.push(source_id)
    (line,) = lines()
    key = edge.stored(edge.token)
    assert {name: line[name] for name in ("request_id", "tenant_id", "key_id", "source_id", "operation", "status")} == {
        "request_id": reply.headers["x-request-id"],
        "tenant_id": key.tenant_id,
        "key_id": key.key_id,
        "source_id": source_id,
        "operation": "push_item",
        "status": 201,
    }
    assert (metrics_of(line), line["Pushes"], line["level"]) == (["Pushes"], 1, "INFO")
    text = json.dumps(line)
    assert edge.token not in text
    assert "Refunds" not in text


def test_runs_are_told_with_their_id(edge: Edge, lines: Any) -> None:
    source_id = edge.source()
    run_id = edge.run(source_id)
    lines()
    assert edge.apply(source_id, run_id).status == 200
    (line,) = lines()
    assert (line["source_id"], line["run_id"]) == (source_id, run_id)
    assert metrics_of(line) == []


def test_refusal_is_counted_by_its_code(edge: Edge, lines: Any) -> None:
    assert edge.request("GET", "/v1/sources/src_00000000000000000000000000").status == 404
    assert edge.request("GET", "/v1/whoami", key="sk_live_nonsense").status == 401
    assert edge.request("GET", "/v1/nothing", key=None, check=False).status == 404
    told = lines()
    assert [line["code"] for line in told] == ["not_found", "invalid_key", "not_found"]
    assert all(metrics_of(line) == ["Refusals"] for line in told)
    assert [line.get("tenant_id") is None for line in told] == [False, True, True]
    # A push that is refused is no push.
    assert edge.push("src_00000000000000000000000000").status == 404
    assert metrics_of(lines()[0]) == ["Refusals"]


def test_what_broke_is_told_as_a_warning(edge: Edge, lines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("table prod-keys")

    monkeypatch.setattr(edge.services.rate_limiter, "count_request", fail)
    assert edge.request("GET", "/v1/whoami").status == 500
    (line,) = lines()
    assert (line["level"], line["code"], line["status"]) == ("WARNING", "internal_error", 500)
    assert "prod-keys" not in json.dumps(line)


def test_line_tells_address_and_agent_of_everybody(edge: Edge, lines: Any) -> None:
    edge.request("GET", "/v1/whoami", headers={"User-Agent": "x" * 300})
    edge.request("GET", "/v1/whoami", key="sk_live_nonsense", headers={"User-Agent": "scanner"})
    known, unknown = lines()
    assert (known["address"], known["user_agent"]) == ("203.0.113.9", "x" * 256)
    assert (unknown["address"], unknown["user_agent"], "key_id" in unknown) == ("203.0.113.9", "scanner", False)


def test_refused_key_that_exists_is_told(edge: Edge, lines: Any) -> None:
    """Whoever looks into a leak asks who still tries the key that was revoked."""
    leaked = edge.key(edge.admin, name="leaked")
    key_id = edge.stored(leaked).key_id
    edge.request("DELETE", f"/v1/admin/keys/{key_id}", key=edge.admin)
    lines()
    assert edge.request("GET", "/v1/whoami", key=leaked).code == "key_revoked"
    assert edge.request("GET", "/v1/whoami", key=forged(leaked)).code == "invalid_key"
    revoked, wrong = lines()
    assert (revoked["key_id"], revoked["tenant_id"]) == (key_id, edge.tenant_of(leaked))
    assert "key_id" not in wrong
    assert leaked not in json.dumps([revoked, wrong])


def test_what_is_no_id_stays_out_of_the_line(edge: Edge, lines: Any) -> None:
    """A secret in the place of an id ended in the log."""
    source_id = edge.source()
    lines()
    edge.request("GET", f"/v1/sources/{edge.token}/runs")
    edge.request("GET", f"/v1/sources/{source_id}/runs/{edge.token}")
    both = lines()
    assert [line.get("source_id") for line in both] == [None, source_id]
    assert edge.token not in json.dumps(both)


def forged(token: str) -> str:
    """A key's text with another secret, and the right checksum."""
    stem = token[:-7] + ("a" if token[-7] != "a" else "b")
    return stem + checksum(stem)
