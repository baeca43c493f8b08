"""Tenants with one of everything, to ask for each other's things."""

from __future__ import annotations

from dataclasses import dataclass

from testing import spec
from testing.edge import Edge
from testing.operations import ABSENT, made_id, path_names, send
from tests.support.edge_questions import keep_answer
from tests.support.keys import key_id


@dataclass(frozen=True)
class Tenant:
    """A tenant with one of everything; `ids` holds a real id for each parameter of a path."""

    admin: str
    token: str
    ids: dict[str, str]


def make_tenant(edge: Edge) -> Tenant:
    admin = edge.bootstrap()
    before, edge.token = edge.token, edge.key(admin)
    item = "theirs-" + edge.tenant_of(admin)[-4:]
    source = edge.source()
    edge.push(source, item)
    edge.push(source, "second")
    edge.request("DELETE", f"/v1/sources/{source}/items/{item}")
    run = edge.run(source)
    generation = edge.apply(source, run).body["generationId"]
    ids = {
        "keyId": key_id(edge.key(admin, rate_limit_per_minute=1)),
        "sourceId": source,
        "externalItemId": item,
        "snapshotId": edge.request("POST", f"/v1/sources/{source}/snapshots").body["snapshot"]["id"],
        "partNumber": "1",
        "runId": run,
        "generationId": generation,
    }
    # While an erasure is open there are no exports.
    made = edge.request("POST", f"/v1/sources/{source}/generations/{generation}/exports")
    ids["exportId"] = made.body["export"]["id"]
    webhook = edge.request("POST", "/v1/webhooks", {"url": "https://hooks.example.com"}).body["webhook"]["id"]
    ids["webhookId"] = webhook
    ids["deliveryId"] = edge.request("POST", f"/v1/webhooks/{webhook}/test").body["delivery"]["id"]
    edge.request("PATCH", f"/v1/sources/{source}", {"questionLog": "on"})
    ids["answerId"] = keep_answer(edge, "theirs", source)
    ids["questionId"] = keep_answer(edge, "theirs", source)
    make_the_rest(edge, ids)
    tenant = Tenant(admin, edge.token, ids)
    edge.token = before
    return tenant


def make_the_rest(edge: Edge, ids: dict[str, str]) -> None:
    """Make what has no line of its own above, by sending the example of the POST on its collection."""
    posts = {operation.path: operation for operation in spec.operations() if operation.method == "POST"}
    for operation in spec.operations():
        for name in path_names(operation):
            collection = posts.get(operation.path.partition(f"/{{{name}}}")[0])
            if name in ids or collection is None:
                continue
            ids[name] = made_id(send(edge, collection, ids))
    assert set(ABSENT) <= set(ids), f"say in make_tenant how these are made: {set(ABSENT) - set(ids)}"
