"""Cursors that no list gave out: each is 400, whatever it looks like."""

from __future__ import annotations

import os
import random
from urllib.parse import quote

import pytest

from testing.edge import Edge
from tests.support.forged_cursors import forged

# Ten thousand come as far as the signature in `tests/unit/httpapi/test_paging.py`.
COUNT = int(os.environ.get("FORGED_CURSORS", "150"))
# A key takes as many requests in a minute as its limit says, and the clock of the edge stands still.
STEP_MS = 20


def lists(edge: Edge, token: str) -> dict[str, tuple[str, str]]:
    """A tenant's lists that have a further page: path and query, and the key to ask with."""
    made = {"name": "Help"}
    source, _ = (edge.request("POST", "/v1/sources", made, key=token).body["source"]["id"] for _ in range(2))
    for item in ("a", "b"):
        body = {"externalItemId": item, "title": "T", "content": f"About {item}."}
        assert edge.request("POST", f"/v1/sources/{source}/items", body, key=token).status == 201
    for _ in range(2):
        run = edge.request("POST", f"/v1/sources/{source}/runs", key=token).body["run"]["id"]
    assert edge.request("POST", f"/v1/sources/{source}/runs/{run}/apply", key=token).status == 200
    return {
        "sources": ("/v1/sources", token),
        "items": (f"/v1/sources/{source}/items", token),
        "runs": (f"/v1/sources/{source}/runs", token),
        "keys": ("/v1/admin/keys", token),
        "published": (f"/v1/sources/{source}/generations/current/items", token),
    }


def first_cursor(edge: Edge, path: str, key: str) -> str:
    cursor: str = edge.request("GET", path, key=key, query="limit=1").body["nextCursor"]
    assert cursor, path
    return cursor


@pytest.mark.long
def test_forged_cursors_are_refused_and_nothing_fails(edge: Edge) -> None:
    chance = random.Random(29)
    own = lists(edge, edge.token)
    cursors = {name: first_cursor(edge, path, key) for name, (path, key) in own.items()}
    for name, (path, key) in own.items():
        assert edge.request("GET", path, key=key, query=f"limit=1&cursor={cursors[name]}").status == 200
    other = edge.bootstrap()
    of_others = lists(edge, edge.key(other))
    foreign = [first_cursor(edge, path, key) for path, key in of_others.values()]
    made = forged(chance, [*cursors.values(), *foreign])
    names = list(own)
    for number in range(COUNT):
        name = names[number % len(names)]
        path, key = own[name]
        cursor = next(made) if number % 20 else chance.choice([*foreign, *(cursors[n] for n in names if n != name)])
        edge.clock.now += STEP_MS
        query = f"cursor={quote(cursor, safe='', errors='surrogatepass')}"
        reply = edge.request("GET", path, key=key, query=query, check=False)
        assert (reply.status, reply.code) == (400, "validation_error"), (name, cursor[:200])


def test_cursor_holds_across_processes_and_one_raise_of_the_version(edge: Edge) -> None:
    path, key = "/v1/sources", edge.token
    for name in ("a", "b"):
        edge.source(name=name)
    cursor = first_cursor(edge, path, key)

    def asked(version: int) -> int:
        edge.services = edge.make_services(cursor_key_version=version)
        return edge.request("GET", path, key=key, query=f"limit=1&cursor={cursor}").status

    assert [asked(version) for version in (1, 2, 3, 1)] == [200, 200, 400, 200]


def test_cursor_of_other_filters_is_refused(edge: Edge) -> None:
    source = edge.source()
    for item in ("a", "b"):
        edge.push(source, item)
    path = f"/v1/sources/{source}/items"
    cursor = first_cursor(edge, path, edge.token)
    assert edge.request("GET", path, query=f"limit=1&prefix=a&cursor={cursor}").status == 400
