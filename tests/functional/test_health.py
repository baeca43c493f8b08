"""`GET /health`: open to anybody, and about nobody."""

from __future__ import annotations

import logging

import boto3
import pytest

from testing.edge import Edge


def test_anybody_learns_that_it_works(edge: Edge) -> None:
    edge.create_machine()
    for key in (None, "sk_live_nonsense", edge.token):
        reply = edge.request("GET", "/health", key=key)
        assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
        assert reply.body == {"status": "ok", "version": "1.0.0", "reached": ["tables", "objects", "runs"]}
        assert not [name for name in reply.headers if name.startswith("ratelimit")]


def test_what_is_not_there_is_told_and_not_named(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    boto3.client("s3").delete_bucket(Bucket=edge.environment["CONTENT_BUCKET"])
    with caplog.at_level(logging.WARNING):
        reply = edge.request("GET", "/health", key=None)
    assert (reply.status, reply.code) == (503, "unavailable")
    assert [each["path"] for each in reply.body["details"]] == ["objects", "runs"]
    for name, value in edge.environment.items():
        assert not (name.endswith(("_TABLE", "_BUCKET", "_ARN")) and value in reply.text), name
    # The log says why.
    lines = {record.part: record for record in caplog.records if record.msg == "health_part_unreached"}
    assert "NoSuchBucket" in str(lines["objects"].exc_info) or "404" in str(lines["objects"].exc_info)


def test_a_fault_shows_nothing_internal(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("table prod-keys")

    monkeypatch.setattr(edge.services.health, "check", fail)
    reply = edge.request("GET", "/health", key=None)
    assert (reply.status, reply.code) == (500, "internal_error")
    assert "prod-keys" not in reply.text


def test_a_parameter_is_refused_before_anything_is_looked_at(edge: Edge) -> None:
    for query in ("verbose=1", "verbose=1&verbose=2"):
        reply = edge.request("GET", "/health", key=None, query=query)
        assert (reply.status, reply.code) == (400, "validation_error")
        assert [each["path"] for each in reply.body["details"]] == ["verbose"]


def test_it_writes_nothing_and_counts_against_no_key(edge: Edge) -> None:
    edge.create_machine()
    spent = edge.key(edge.admin, rate_limit_per_minute=1)
    for _ in range(3):
        assert edge.request("GET", "/health", key=spent).status == 200
    assert edge.request("GET", "/v1/whoami", key=spent).status == 200
    assert edge.request("POST", "/health", key=None).status == 405
