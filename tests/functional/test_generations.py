"""Comparing generations and restoring an older one, as a client does it."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.errors import BuildFailedError
from knowledge.generations.publishing import Publisher

from testing.edge import Edge


def two_generations(edge: Edge) -> tuple[str, str, str]:
    source = edge.source()
    edge.push(source, "a", content="one")
    edge.push(source, "b")
    first = edge.publish(source)
    edge.push(source, "a", content="two", title="Other")
    edge.push(source, "c")
    return f"/v1/sources/{source}/generations", first, edge.publish(source)


def changes(edge: Edge, path: str, query: str = "") -> dict[str, Any]:
    reply = edge.request("GET", f"{path}/changes", query=query)
    assert reply.status == 200, reply.text
    return {change["externalItemId"]: (change["change"], change["fields"]) for change in reply.body["changes"]}


def test_comparison_is_with_the_base_unless_another_is_named(edge: Edge) -> None:
    path, first, second = two_generations(edge)
    forward = {"a": ("updated", ["content", "title"]), "c": ("added", [])}
    assert changes(edge, f"{path}/{second}") == forward
    assert changes(edge, f"{path}/current", f"from={first}") == forward
    assert changes(edge, f"{path}/{first}", "from=current") == {
        "a": ("updated", ["content", "title"]),
        "c": ("tombstoned", []),
    }
    assert changes(edge, f"{path}/{first}") == {"a": ("added", []), "b": ("added", [])}
    assert changes(edge, f"{path}/{second}", "change=added") == {"c": ("added", [])}


def test_comparison_is_paged_and_its_cursor_bound_to_both_sides(edge: Edge) -> None:
    path, first, second = two_generations(edge)
    page = edge.request("GET", f"{path}/{second}/changes", query="limit=1")
    cursor = page.body["nextCursor"]
    rest = edge.request("GET", f"{path}/{second}/changes", query=f"limit=1&from={first}&cursor={cursor}")
    assert {change["externalItemId"] for reply in (page, rest) for change in reply.body["changes"]} == {"a", "c"}
    assert rest.body["nextCursor"] is None
    other = edge.request("GET", f"{path}/{second}/changes", query=f"from={second}&cursor={cursor}")
    assert (other.status, other.code) == (400, "validation_error")


@pytest.mark.parametrize("name", ["gen_01ARZ3NDEKTSV4RRFFQ69G5FAV", "x"])
def test_comparison_with_what_is_not_there_is_404(edge: Edge, name: str) -> None:
    path, _, second = two_generations(edge)
    reply = edge.request("GET", f"{path}/{second}/changes", query=f"from={name}")
    assert (reply.status, reply.code) == (404, "not_found")


def test_restore_publishes_the_older_state_and_replays(edge: Edge) -> None:
    path, first, second = two_generations(edge)
    replies = [edge.request("POST", f"{path}/{first}/restore", headers={"Idempotency-Key": "undo"}) for _ in range(2)]
    assert replies[0].text == replies[1].text
    assert replies[0].body["status"] == "published"
    counts = replies[0].body["counts"]
    assert (counts["updated"], counts["tombstoned"], counts["total"]) == (1, 1, 2)
    generation = edge.request("GET", f"{path}/current").body["generation"]
    assert generation["id"] == replies[0].body["generationId"]
    assert (generation["origin"], generation["restoredFrom"], generation["baseGenerationId"]) == (
        "restore",
        first,
        second,
    )
    assert (generation["runId"], generation["retiredAt"]) == (None, None)


def test_restore_that_fails_says_so_and_changes_nothing(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    path, first, second = two_generations(edge)

    def fail(*_: object) -> None:
        raise BuildFailedError

    monkeypatch.setattr(Publisher, "publish_generation", fail)
    reply = edge.request("POST", f"{path}/{first}/restore")
    assert (reply.status, reply.code) == (502, "build_failed")
    assert edge.request("GET", f"{path}/current").body["generation"]["id"] == second
