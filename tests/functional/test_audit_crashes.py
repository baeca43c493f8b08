"""A change and its row in the audit are one write: cut off at any AWS call and asked again, there is one of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from httpapi.keys.model import ALL_SCOPES

from testing.edge import Edge, Reply
from tests.support.edge_crashes import Watched, cases

Ask = Callable[[Edge, str, str], Reply]


@pytest.fixture
def watched(dynoxide: Any) -> Watched:
    return Watched(dynoxide)


def again(edge: Edge, key: str, method: str, path: str, body: Any = None) -> Reply:
    return edge.request(method, path, body, key=key, headers={"Idempotency-Key": f"{method} {path}"}, check=False)


def run_and_apply(edge: Edge, key: str, path: str) -> Reply:
    made = again(edge, key, "POST", f"{path}/runs")
    return made if made.status != 201 else again(edge, key, "POST", f"{path}/runs/{made.body['run']['id']}/apply")


CHANGES: dict[str, tuple[Ask, list[str]]] = {
    "update": (lambda edge, key, path: again(edge, key, "PATCH", path, {"graceDays": 3}), ["source.updated"]),
    "synonyms": (
        lambda edge, key, path: again(edge, key, "PATCH", path, {"synonyms": [["a", "b"]]}),
        ["source.updated"],
    ),
    "archive": (lambda edge, key, path: again(edge, key, "DELETE", path), ["source.archived"]),
    "run and apply": (run_and_apply, ["run.created", "run.applied"]),
    "key": (lambda edge, key, _: again(edge, key, "POST", "/v1/admin/keys", {"name": "k"}), ["key.created"]),
}


@pytest.mark.long
@pytest.mark.parametrize("change", CHANGES)
def test_change_cut_off_anywhere_is_recorded_once(watched: Watched, change: str) -> None:
    edge = watched.edge
    ask, kinds = CHANGES[change]
    made: dict[str, tuple[str, str]] = {}

    def request(admin: str) -> Reply:
        if admin not in made:
            way, watched.watch.way = watched.watch.way, None
            key = edge.key(admin, scopes=ALL_SCOPES)
            source = edge.request("POST", "/v1/sources", {"name": "s"}, key=key).body["source"]["id"]
            item = {"externalItemId": "a", "title": "A", "content": "a"}
            edge.request("POST", f"/v1/sources/{source}/items", item, key=key)
            watched.watch.way = way
            watched.watch.calls.clear()
            made[admin] = (key, f"/v1/sources/{source}")
        else:
            # A retry takes an apply over that has been silent for a while.
            edge.clock.advance(seconds=20)
        return ask(edge, *made[admin])

    for admin, reply in cases(watched, request):
        assert reply.status < 300, reply.text
        entries = edge.request("GET", "/v1/admin/audit", key=made[admin][0]).body["entries"]
        assert sorted(entry["kind"] for entry in entries) == sorted(["source.created", *kinds])
