"""Every answer fits into what Lambda passes on, whatever its contents: the double of the gateway refuses what does not.

Lambda passes on 6 MB of what a function returns, which is JSON with the body as a string inside: quotes and backslashes
take twice their room there. `testing.edge` weighs each answer as the runtime writes it.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from webhooks.deliveries.model import Attempt, Delivery, DeliveryState

from testing.edge import Edge
from tests.support.sizes import sized

CONTENTS = {
    "quotes": '"',
    "backslashes": "\\",
    "control": "\x01",
    "line feeds": "\n",
    "cyrillic": "Ж",
    "chinese": "汉",
    "emoji": "🙂",
    "csv": '"a","b"\n',
    "json": '{"a": "\\"b\\""}',
}


def put(edge: Edge, source: str, items: list[dict[str, Any]]) -> None:
    """Push items in as many batches as they need."""
    batch: list[dict[str, Any]] = []
    for item in [*items, None]:
        if batch and (item is None or len(json.dumps([*batch, item])) > 7_000_000):
            pushed = edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": batch}, compress=True)
            assert pushed.status == 200
            batch = []
        if item is not None:
            batch.append(item)


def walk(edge: Edge, path: str, name: str, query: str) -> tuple[list[dict[str, Any]], int]:
    """Read a list to its end; return its entries, and how many the first page had."""
    found: list[dict[str, Any]] = []
    first, cursor = 0, None
    while True:
        page = edge.request("GET", path, query=query + ("" if cursor is None else f"&cursor={cursor}"))
        assert page.status == 200
        entries = page.body[name]
        assert entries, "a page that brings nothing would be asked for for ever"
        first = first or len(entries)
        found += entries
        cursor = page.body["nextCursor"]
        if cursor is None:
            return found, first


def check_lists(edge: Edge, source: str, contents: dict[str, str]) -> list[int]:
    """Read the items of all lists that show contents; return the sizes of the first pages."""
    edge.publish(source)
    firsts = []
    for path, shown in (
        ("items", "content"),
        ("generations/current/items", "content"),
        ("generations/current/changes", "items"),
    ):
        found, first = walk(edge, f"/v1/sources/{source}/{path}", path.split("/")[-1], f"limit=50&include={shown}")
        assert len(found) == len(contents)
        for item in found:
            # A content is there, or there is a link to it.
            assert ("content" in item) != ("contentUrl" in item)
            assert item.get("content") in (None, contents[item["externalItemId"]])
        firsts.append(first)
    return firsts


def heavy_contents(*texts: str) -> dict[str, str]:
    """Make contents of 200 KB for 50 items, of one text after the other."""
    return {
        f"item-{number:02}": text * (200_000 // len(text.encode()))
        for number, text in zip(range(50), itertools.cycle(texts), strict=False)
    }


@pytest.mark.long
@pytest.mark.parametrize(
    "kinds", [(*CONTENTS,), ("control",), *sized([], [(kind,) for kind in CONTENTS])], ids="-".join
)
def test_page_of_heavy_contents_has_fewer_items_and_a_cursor(edge: Edge, kinds: tuple[str, ...]) -> None:
    source = edge.source()
    contents = heavy_contents(*(CONTENTS[kind] for kind in kinds))
    put(edge, source, [{"externalItemId": name, "title": "T", "content": each} for name, each in contents.items()])
    firsts = check_lists(edge, source, contents)
    assert all(5 <= first < 50 or kinds == ("control",) for first in firsts)


@pytest.mark.long
@pytest.mark.parametrize("name", sized(["emoji"], ["quotes", "chinese", "emoji"]))
def test_comparison_with_heavy_contents_has_fewer_items_and_a_cursor(edge: Edge, name: str) -> None:
    source = edge.source()
    edge.push(source, "before")
    first = edge.publish(source)
    text = CONTENTS[name]
    contents = heavy_contents(text)
    heavy = {"metadata": {"m": text * (8_000 // len(text.encode()))}}
    put(edge, source, [{"externalItemId": n, "title": "T", "content": c, **heavy} for n, c in contents.items()])
    run = edge.run(source)
    planned, most = walk(edge, f"/v1/sources/{source}/runs/{run}/changes", "changes", "limit=50&include=content")
    assert {change["externalItemId"]: change["after"]["content"] for change in planned} == contents
    assert 5 <= most < 50
    assert edge.apply(source, run).status == 200
    edge.push(source, "after")
    edge.publish(source)
    path = f"/v1/sources/{source}/generations/current/changes"
    found, most = walk(edge, path, "changes", f"limit=50&include=items&from={first}")
    assert {
        change["externalItemId"]: change["content"] for change in found if "-" in change["externalItemId"]
    } == contents
    assert 5 <= most < 50


pieces = st.lists(
    st.tuples(st.sampled_from([*CONTENTS.values(), "plain text "]) | st.text(min_size=1, max_size=8), st.floats(0, 1)),
    min_size=1,
    max_size=4,
)


@pytest.mark.long
# A failure is not made smaller: each try pushes megabytes.
@settings(
    max_examples=sized(4, 20),
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.lists(pieces, min_size=1, max_size=14), metadata=st.sampled_from(["plain", '"', "\\"]))
def test_any_contents_are_listed_whole(edge: Edge, data: list[list[tuple[str, float]]], metadata: str) -> None:
    source = edge.source()
    contents = {
        f"item-{number:02}": "".join(
            text * int(share * 1_000_000 / len(parts) / len(text.encode("utf-8", "replace"))) for text, share in parts
        )
        or "x"
        for number, parts in enumerate(data)
    }
    contents = {name: text.encode("utf-8", "replace").decode() for name, text in contents.items()}
    heavy = {"metadata": {"m": (metadata * 8_000)[:8_000]}}
    put(edge, source, [{"externalItemId": name, "title": "T", "content": c, **heavy} for name, c in contents.items()])
    check_lists(edge, source, contents)


@pytest.mark.long
def test_page_of_metadata_that_is_quotes_is_carried(edge: Edge) -> None:
    source = edge.source()
    heavy = {"metadata": {"m": '"' * 8_100}, "tags": ['"' * 60 + f"{n:02}" for n in range(50)]}
    names = [f"{number:03}" for number in range(200)]
    put(edge, source, [{"externalItemId": name, "title": '"' * 500, "content": "c", **heavy} for name in names])
    found, first = walk(edge, f"/v1/sources/{source}/items", "items", "limit=200")
    assert len(found) == 200
    assert first < 200


def test_batch_whose_results_would_not_fit_is_refused_before_it_is_staged(edge: Edge) -> None:
    source = edge.source()
    batch = f"/v1/sources/{source}/items/batch"
    names = [f"{number:04}".ljust(512, '"') for number in range(4_000)]
    refused = edge.request("POST", batch, {"removals": [{"externalItemId": name} for name in names]}, compress=True)
    assert (refused.status, refused.code) == (413, "payload_too_large")
    assert "fewer items" in refused.body["error"]
    assert edge.request("GET", f"/v1/sources/{source}/items").body["items"] == []
    part = {"removals": [{"externalItemId": name} for name in names[:2_500]]}
    headers = {"Idempotency-Key": "a-batch-of-long-ids"}
    for _ in range(2):
        assert edge.request("POST", batch, part, compress=True, headers=headers).status == 200


def test_batch_of_long_plain_ids_is_taken_whole(edge: Edge) -> None:
    source = edge.source()
    removals = [{"externalItemId": f"{number:04}".ljust(512, "x")} for number in range(5_000)]
    answered = edge.request("POST", f"/v1/sources/{source}/items/batch", {"removals": removals}, compress=True)
    assert len(answered.body["results"]) == 5_000


@pytest.mark.long
def test_list_that_no_store_weighs_is_read_again_with_fewer_entries(edge: Edge) -> None:
    hook = edge.request("POST", "/v1/webhooks", {"url": "https://hooks.example.com/in"}).body["webhook"]["id"]
    attempt = Attempt(at=edge.clock(), status=500, latency_ms=1, snippet='"' * 1_024, failure=None)
    ids = [f"dlv_{number:026}" for number in range(400)]
    for delivery_id in ids:
        edge.services.webhooks.delivery_store.create(
            Delivery(
                tenant_id=edge.tenant_of(edge.token),
                endpoint_id=hook,
                delivery_id=delivery_id,
                event_id="evt_1",
                event_type="generation.published",
                source_id=None,
                payload="{}",
                state=DeliveryState.FAILED,
                created_at=edge.clock(),
                next_attempt_at=None,
                tries=8,
                attempts=(attempt,) * 10,
            )
        )
    found, first = walk(edge, f"/v1/webhooks/{hook}/deliveries", "deliveries", "limit=1000")
    assert [delivery["id"] for delivery in found] == ids[::-1]
    assert first < 200
