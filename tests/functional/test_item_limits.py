"""Every bound of an item, a body and a batch over HTTP: what is at the bound is taken, what is one past it is not."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from testing import spec
from testing.edge import Edge, Reply, item_path
from tests.support.edge_questions import keep_answer

MIB = 1_048_576
# Operations that take many items have room for 8 MiB, all others for 1 MiB.
LARGE = {"push_batch", "replace_items", "put_snapshot_part"}


def nested(levels: int) -> dict[str, Any]:
    """Metadata of so many levels, itself the first."""
    inner: Any = 1
    for level in range(levels):
        inner = [inner] if level % 2 and level < levels - 1 else {"a": inner}
    return inner  # type: ignore[no-any-return]


TAKEN: dict[str, list[Any]] = {
    "externalItemId": ["x" * 512, "ä" * 256, "😀" * 128],
    "title": ["x" * 500, "😀" * 500],
    "url": ["https://example.com/" + "x" * 2_028],
    "tags": [["t"] * 50, ["t" * 64], ["😀" * 64]],
    "metadata": [{"a": "x" * 16_376}, {"a": "ä" * 8_188}, nested(32), {"a": 5e-324, "b": 10**40, "c": 0.1}],
}
REFUSED: list[tuple[str, Any, str]] = [
    ("externalItemId", "x" * 513, "externalItemId"),
    ("externalItemId", "ä" * 256 + "x", "externalItemId"),
    ("externalItemId", "😀" * 128 + "x", "externalItemId"),
    ("externalItemId", ".", "externalItemId"),
    ("externalItemId", "..", "externalItemId"),
    ("title", "x" * 501, "title"),
    ("title", "😀" * 501, "title"),
    ("url", "https://example.com/" + "x" * 2_029, "url"),
    ("url", "https://example.com/" + "x" * 2_027 + "ä", "url"),
    ("tags", ["t"] * 51, "tags"),
    ("tags", ["t", "t" * 65], "tags[1]"),
    ("metadata", {"a": "x" * 16_377}, "metadata"),
    ("metadata", {"a": "ä" * 8_188 + "x"}, "metadata"),
    ("metadata", nested(33), "metadata"),
    ("metadata", nested(60), "metadata"),
    ("title", " \u200b", "title"),
    ("tags", ["t", "\u3000"], "tags[1]"),
]


def item(**fields: Any) -> dict[str, Any]:
    return {"externalItemId": "faq-1", "title": "Refunds", "content": "Refunds take 14 days.", **fields}


def batch(edge: Edge, source: str, json_body: Any = None, **options: Any) -> Reply:
    return edge.request("POST", f"/v1/sources/{source}/items/batch", json_body, **options)


def padded(value: Any, size: int) -> bytes:
    """Write JSON of exactly so many bytes; spaces around a value mean nothing."""
    text = json.dumps(value).encode()
    return text + b" " * (size - len(text))


def staged(edge: Edge, source: str) -> list[str]:
    listed = edge.request("GET", f"/v1/sources/{source}/items").body["items"]
    return [each["externalItemId"] for each in listed]


@pytest.mark.parametrize("field", TAKEN)
def test_field_at_its_bound_goes_round(edge: Edge, field: str) -> None:
    source = edge.source()
    for value in TAKEN[field]:
        sent = item(**{field: value})
        assert edge.request("POST", f"/v1/sources/{source}/items", sent).status in {200, 201}
        read = edge.request("GET", item_path(source, sent["externalItemId"])).body["item"]
        assert {name: read[name] for name in sent} == sent
        assert batch(edge, source, {"items": [sent]}).body["counts"]["unchanged"] == 1


def test_field_past_its_bound_is_refused_wherever_items_are_taken(edge: Edge) -> None:
    source = edge.source()
    snapshot = edge.request("POST", f"/v1/sources/{source}/snapshots").body["snapshot"]["id"]
    many = (
        ("POST", f"/v1/sources/{source}/items/batch"),
        ("POST", f"/v1/sources/{source}/items/snapshot"),
        ("PUT", f"/v1/sources/{source}/snapshots/{snapshot}/parts/1"),
    )
    for field, value, path in REFUSED:
        bad = item(**{field: value})
        alone = edge.request("POST", f"/v1/sources/{source}/items", bad)
        assert (alone.status, [fault["path"] for fault in alone.body["details"]]) == (400, [path])
        for method, target in many:
            reply = edge.request(method, target, {"items": [item(externalItemId="good"), bad]})
            assert (reply.status, reply.code) == (400, "validation_error")
            (fault,) = reply.body["details"]
            assert (fault["index"], fault["path"]) == (1, f"items[1].{path}")
            assert fault["externalItemId"] == bad["externalItemId"]
    assert staged(edge, source) == []


@pytest.mark.parametrize("operation", [op for op in spec.operations() if op.request_body()], ids=lambda op: op.name)
def test_body_is_taken_to_its_bound_and_no_further(edge: Edge, operation: spec.SpecOperation) -> None:
    limit = 8 * MIB if operation.name in LARGE else MIB
    source = edge.source()
    edge.push(source)
    generation = edge.publish(source)
    snapshot = edge.request("POST", f"/v1/sources/{source}/snapshots").body["snapshot"]["id"]
    key_id = edge.stored(edge.key(edge.admin)).key_id
    webhook = edge.request("POST", "/v1/webhooks", {"url": "https://hooks.example.com"}).body["webhook"]["id"]
    ids = {"sourceId": source, "snapshotId": snapshot, "partNumber": "1", "runId": edge.run(source), "keyId": key_id}
    ids |= {"webhookId": webhook, "generationId": generation, "answerId": keep_answer(edge, "why", source)}
    path = operation.path.format(**ids)
    example = operation.request_body()["content"]["application/json"]["example"]
    example = {"secret": edge.token} if operation.name == "identify_key" else example
    key = edge.admin if operation.scope == "keys:manage" else edge.token
    full, over = padded(example, limit), padded(example, limit + 1)
    for body, headers in ((over, {}), (gzip.compress(over), {"Content-Encoding": "gzip"})):
        reply = edge.request(operation.method, path, body=body, headers=headers, key=key)
        assert (reply.status, reply.code) == (413, "payload_too_large")
    for body, headers in ((full, {}), (gzip.compress(full), {"Content-Encoding": "gzip"})):
        reply = edge.request(operation.method, path, body=body, headers=headers, key=key)
        # What was read and understood may still be refused for what it asks, such as to complete nothing.
        assert reply.status in {200, 201, 202, 409} or "allowEmpty" in reply.body["error"]


def test_body_at_its_bound_is_staged(edge: Edge) -> None:
    source = edge.source()
    whole = padded(item(content="x" * 1_000_000), MIB)
    assert edge.request("POST", f"/v1/sources/{source}/items", body=whole).status == 201
    # The largest content has no room in a single body beside its other fields: a batch takes it.
    large = item(externalItemId="large", content="x" * MIB)
    assert edge.request("POST", f"/v1/sources/{source}/items", large).status == 413
    assert batch(edge, source, {"items": [large]}).body["counts"]["created"] == 1
    past = batch(edge, source, {"items": [item(content="x" * (MIB + 1))]})
    assert (past.status, past.body["details"][0]["path"]) == (400, "items[0].content")
    items = [item(externalItemId=f"doc-{n}", content=str(n) * 1_000_000) for n in range(8)]
    body = padded({"items": items}, 8 * MIB)
    assert batch(edge, source, body=body).body["counts"]["created"] == 8
    again = batch(edge, source, body=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    assert again.body["counts"]["unchanged"] == 8
    assert len(staged(edge, source)) == 10


@pytest.mark.long
def test_batch_and_part_take_5_000_entries_and_no_more(edge_on_dynoxide: Edge) -> None:
    edge = edge_on_dynoxide
    source = edge.source()
    items = [item(externalItemId=f"faq-{n}", content="c") for n in range(5_001)]
    removals = [{"externalItemId": f"faq-{n}"} for n in range(4_000, 5_001)]
    snapshot = edge.request("POST", f"/v1/sources/{source}/snapshots").body["snapshot"]["id"]
    part = f"/v1/sources/{source}/snapshots/{snapshot}/parts/1"
    for method, path, body in (
        ("POST", f"/v1/sources/{source}/items/batch", {"items": items}),
        ("POST", f"/v1/sources/{source}/items/batch", {"items": items[:4_000], "removals": removals}),
        ("POST", f"/v1/sources/{source}/items/snapshot", {"items": items}),
        ("PUT", part, {"items": items}),
    ):
        refused = edge.request(method, path, body)
        assert (refused.status, refused.code, len(refused.body["details"])) == (400, "validation_error", 1)
        assert "5001" in refused.body["details"][0]["message"]
    taken = batch(edge, source, {"items": items[:5_000]}, compress=True)
    assert taken.body["counts"]["created"] == 5_000
    assert [each["externalItemId"] for each in taken.body["results"]] == [each["externalItemId"] for each in items[:-1]]
    put = edge.request("PUT", part, {"items": items[:5_000]})
    assert put.body["part"] == {"partNumber": 1, "items": 5_000}
    assert put.body["counts"]["unchanged"] == 5_000
    mixed = batch(edge, source, {"items": items[:4_000], "removals": removals[:1_000]})
    assert mixed.body["counts"] == {"created": 0, "updated": 0, "unchanged": 4_000, "removed": 1_000, "stale": 0}
