"""A change and its row in the audit are one write: cut off at any AWS call and asked again, there is one of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from httpapi.keys.scopes import ALL_SCOPES

from testing.edge import Edge, Reply
from tests.support.edge_crashes import Watched, cases
from tests.support.sizes import sized

# What is asked of a key and a path. A preparation answers with the path that the change is asked of.
Ask = Callable[[Edge, str, str], Reply]
Prepare = Callable[[Edge, str, str], str]


@pytest.fixture
def watched(dynoxide: Any) -> Watched:
    return Watched(dynoxide)


def again(edge: Edge, key: str, method: str, path: str, body: Any = None) -> Reply:
    return edge.request(method, path, body, key=key, headers={"Idempotency-Key": f"{method} {path}"}, check=False)


def run_and_apply(edge: Edge, key: str, path: str) -> Reply:
    made = again(edge, key, "POST", f"{path}/runs")
    return made if made.status != 201 else again(edge, key, "POST", f"{path}/runs/{made.body['run']['id']}/apply")


def asking(method: str, below: str = "", body: Any = None) -> Ask:
    return lambda edge, key, path: again(edge, key, method, f"{path}{below}", body)


def as_it_is(_: Edge, __: str, path: str) -> str:
    return path


def archived(edge: Edge, key: str, path: str) -> str:
    edge.request("DELETE", path, key=key)
    return path


def imported(edge: Edge, key: str, path: str) -> str:
    job = edge.request("POST", f"{path}/imports", {"mode": "upsert"}, key=key).body["import"]
    return f"{path}/imports/{job['id']}"


def published_twice(edge: Edge, key: str, path: str) -> str:
    """The path of the first generation, which is not the present one."""
    made = []
    for text in ("one", "two"):
        edge.request("POST", f"{path}/items", {"externalItemId": "b", "title": "B", "content": text}, key=key)
        run = edge.request("POST", f"{path}/runs", key=key).body["run"]["id"]
        made.append(edge.request("POST", f"{path}/runs/{run}/apply", key=key).body["generationId"])
    return f"{path}/generations/{made[0]}"


def webhooks(edge: Edge, _: str, __: str) -> str:
    edge.addresses["hooks.example.com"] = ["93.184.215.14"]
    return "/v1/webhooks"


def webhook(edge: Edge, key: str, path: str) -> str:
    made = edge.request("POST", webhooks(edge, key, path), TARGET, key=key).body["webhook"]["id"]
    return f"/v1/webhooks/{made}"


def keys(_: Edge, __: str, ___: str) -> str:
    return "/v1/admin/keys"


def another_key(edge: Edge, key: str, _: str) -> str:
    return f"/v1/admin/keys/{edge.request('POST', '/v1/admin/keys', {'name': 'k'}, key=key).body['key']['id']}"


TARGET = {"url": "https://hooks.example.com/a"}
PUBLISHED = ["run.created", "run.applied"]
CHANGES: dict[str, tuple[Prepare, Ask, list[str]]] = {
    "update": (as_it_is, asking("PATCH", body={"graceDays": 3}), ["source.updated"]),
    "archive": (as_it_is, asking("DELETE"), ["source.archived"]),
    "restore source": (archived, asking("POST", "/restore"), ["source.archived", "source.restored"]),
    "delete source": (archived, asking("POST", "/delete"), ["source.archived", "source.deleted"]),
    "run and apply": (as_it_is, run_and_apply, PUBLISHED),
    "restore generation": (published_twice, asking("POST", "/restore"), [*PUBLISHED * 2, "generation.restored"]),
    "import": (as_it_is, asking("POST", "/imports", {"mode": "upsert"}), ["import.created"]),
    "cancel import": (imported, asking("POST", "/cancel"), ["import.created", "import.cancelled"]),
    "erase": (as_it_is, asking("POST", "/erasures", {"externalItemIds": ["a"]}), ["erasure.created"]),
    "webhook": (webhooks, asking("POST", body=TARGET), ["webhook.created"]),
    "change webhook": (webhook, asking("PATCH", body={"enabled": False}), ["webhook.created", "webhook.updated"]),
    "rotate secret": (webhook, asking("POST", "/rotate-secret"), ["webhook.created", "webhook.secret_rotated"]),
    "delete webhook": (webhook, asking("DELETE"), ["webhook.created", "webhook.deleted"]),
    "key": (keys, asking("POST", body={"name": "k"}), ["key.created"]),
    "change key": (another_key, asking("PATCH", body={"name": "n"}), ["key.created", "key.updated"]),
    "rotate key": (another_key, asking("POST", "/rotate"), ["key.created", "key.rotated"]),
    "revoke key": (another_key, asking("DELETE"), ["key.created", "key.revoked"]),
}


# Each case of these publishes twice before. One of three is carried out, so each call is cut off once at least.
SLOW = {"restore generation": 3}
# What is gone answers 404 to the second request, if the first was carried out.
GONE = {"delete webhook"}


@pytest.mark.long
@pytest.mark.parametrize("change", CHANGES)
def test_change_cut_off_anywhere_is_recorded_once(watched: Watched, change: str) -> None:
    edge = watched.edge
    prepare, ask, kinds = CHANGES[change]
    made: dict[str, tuple[str, str]] = {}

    def request(admin: str) -> Reply:
        if admin not in made:
            way, watched.watch.way = watched.watch.way, None
            key = edge.key(admin, scopes=ALL_SCOPES)
            source = edge.request("POST", "/v1/sources", {"name": "s"}, key=key).body["source"]["id"]
            item = {"externalItemId": "a", "title": "A", "content": "a"}
            edge.request("POST", f"/v1/sources/{source}/items", item, key=key)
            path = prepare(edge, key, f"/v1/sources/{source}")
            watched.watch.way = way
            watched.watch.calls.clear()
            made[admin] = (key, path)
        else:
            # A retry takes an apply over that has been silent for a while.
            edge.clock.advance(seconds=20)
        return ask(edge, *made[admin])

    for admin, reply in cases(watched, request, sized(5, SLOW.get(change, 1))):
        assert reply.status < 300 or (reply.status == 404 and change in GONE), reply.text
        entries = edge.request("GET", "/v1/admin/audit", key=made[admin][0]).body["entries"]
        assert sorted(entry["kind"] for entry in entries) == sorted(["source.created", *kinds])
