"""What a key is shown that may write and not read, or read runs and not items."""

from __future__ import annotations

from typing import Any

import pytest
from httpapi.keys.scopes import Scope

from testing.edge import Edge, item_path

SECRET = "the salary of everybody"
BECAME = {"externalItemId", "state", "removedAt", "tombstoneDueAt", "tombstonedAt"}
THEIRS: dict[str, Any] = {
    "externalItemId": "faq-1",
    "title": SECRET,
    "content": SECRET,
    "url": f"https://intranet.example/{SECRET.replace(' ', '-')}",
    "tags": [SECRET],
    "metadata": {"note": SECRET},
    "language": "de",
    "sourceVersion": 7,
}


@pytest.fixture
def pusher(edge: Edge) -> str:
    return edge.key(edge.admin, scopes=(Scope.ITEMS_WRITE,))


def texts(value: Any) -> str:
    return str(value).replace("-", " ")


def test_removal_and_its_return_show_a_pusher_nothing_of_the_item(edge: Edge, pusher: str) -> None:
    source = edge.source()
    edge.push(source, **{name: value for name, value in THEIRS.items() if name != "externalItemId"})
    path = item_path(source, "faq-1")
    removed = edge.request("DELETE", path, key=pusher)
    restored = edge.request("POST", f"{path}/restore", key=pusher)
    for reply, state in ((removed, "removed"), (restored, "active")):
        assert (reply.status, reply.body["item"]["state"]) == (200, state)
        assert reply.body["item"].keys() == BECAME
        assert SECRET not in texts(reply.text)
    # Who may read the item sees all of it but its texts, which no answer shows that is kept.
    shown = edge.request("DELETE", path)
    assert shown.body["item"]["sourceVersion"] == 7
    assert SECRET not in texts(shown.text)


def test_push_shows_a_pusher_what_it_sent_and_no_more(edge: Edge, pusher: str) -> None:
    source = edge.source()
    edge.push(source, **{name: value for name, value in THEIRS.items() if name != "externalItemId"})
    edge.clock.advance(seconds=60)
    mine = {"externalItemId": "faq-1", "title": "Mine", "content": "c"}
    path = f"/v1/sources/{source}/items"
    for result in ("updated", "unchanged"):
        reply = edge.request("POST", path, mine, key=pusher)
        assert (reply.status, reply.body["result"]) == (200, result)
        item = reply.body["item"]
        assert item.keys() == BECAME | {
            *("title", "contentType", "url", "language", "tags", "metadata", "contentHash", "contentBytes"),
        }
        assert (item["title"], item["url"], item["tags"]) == ("Mine", None, [])
        assert SECRET not in texts(reply.text)
    batch = edge.request("POST", f"{path}/batch", {"items": [mine], "removals": ["faq-1"][:0]}, key=pusher)
    assert batch.body["results"] == [{"externalItemId": "faq-1", "result": "unchanged"}]


def test_no_write_shows_a_pusher_what_was_there(edge: Edge, pusher: str) -> None:
    """Snapshots, whole and in parts, over what others staged."""
    source = edge.source()
    edge.push(source, **{name: value for name, value in THEIRS.items() if name != "externalItemId"})
    base = f"/v1/sources/{source}"
    item = {"externalItemId": "other", "title": "Mine", "content": "c"}
    opened = edge.request("POST", f"{base}/snapshots", key=pusher).body["snapshot"]["id"]
    answers = [
        edge.request("PUT", f"{base}/snapshots/{opened}/parts/1", {"items": [item]}, key=pusher),
        edge.request("GET", f"{base}/snapshots/{opened}", key=pusher),
        edge.request("POST", f"{base}/snapshots/{opened}/complete", key=pusher),
        edge.request("GET", f"{base}/snapshots", key=pusher),
        edge.request("POST", f"{base}/items/snapshot", {"items": [item]}, key=pusher),
    ]
    for reply in answers:
        assert reply.status == 200, reply.text
        assert SECRET not in texts(reply.text)
        assert "faq-1" not in reply.text


def test_who_reads_runs_reads_no_items(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, **{name: value for name, value in THEIRS.items() if name != "externalItemId"})
    run = edge.run(source)
    edge.apply(source, run)
    watcher = edge.key(edge.admin, scopes=(Scope.RUNS_READ, Scope.RUNS_WRITE, Scope.RUNS_APPLY))
    base = f"/v1/sources/{source}"
    for path in (f"runs/{run}/changes", "generations/current/items", "generations/current/changes"):
        refused = edge.request("GET", f"{base}/{path}", key=watcher)
        assert (refused.status, refused.code) == (403, "insufficient_scope")
        assert "items:read" in refused.body["error"]
    for path in ("runs", f"runs/{run}", "generations", "generations/current"):
        shown = edge.request("GET", f"{base}/{path}", key=watcher)
        assert shown.status == 200
        assert SECRET not in texts(shown.text)
        assert "faq-1" not in shown.text
