"""The history of an item, as a client reads it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from httpapi.keys.scopes import Scope

from testing.edge import Edge
from tests.support.edge_erasing import ask
from tests.support.edge_lists import pages


def history_path(source: str, name: str) -> str:
    return f"/v1/sources/{source}/items/{quote(name, safe='')}/history"


def read(edge: Edge, source: str, name: str = "faq-1") -> Any:
    reply = edge.request("GET", history_path(source, name))
    assert reply.status == 200, reply.text
    return reply.body


def publish(edge: Edge, source: str, content: str, name: str = "faq-1") -> str:
    edge.push(source, name, content=content)
    return edge.publish(source)


def retire(edge: Edge, source: str, generation: str) -> None:
    store = edge.services.knowledge.stores.generations
    store.retire_generation(store.get_generation(source, generation), edge.clock())


@pytest.mark.parametrize("name", ["history", "batch", "a/b", "a/history", "\u00e4 ?#%2F", "\U0001f642"])
def test_each_entry_tells_the_generation_and_the_change_as_their_own_lists_do(edge: Edge, name: str) -> None:
    source = edge.source()
    publish(edge, source, "one", name)
    edge.push(source, name, content="two", title="Other")
    run = edge.run(source)
    edge.request("POST", f"/v1/sources/{source}/runs/{run}/apply", {"message": "ticket 4711"})
    body = read(edge, source, name)
    assert {key: body[key] for key in body.keys() - {"history"}} == {
        "externalItemId": name,
        "nextCursor": None,
        "earlier": False,
        "erasedAt": None,
    }
    assert [entry["generation"]["message"] for entry in body["history"]] == ["ticket 4711", None]
    assert [entry["fields"] for entry in body["history"]] == [["content", "title"], []]
    path = f"/v1/sources/{source}/generations"
    for entry in body["history"]:
        told = dict(entry["generation"])
        generation = edge.request("GET", f"{path}/{told['id']}").body["generation"]
        assert told == {key: generation[key] for key in told}
        (change,) = edge.request("GET", f"{path}/{told['id']}/changes").body["changes"]
        assert {"generation": told, **change} == entry


def test_what_was_never_published_has_an_empty_history(edge: Edge) -> None:
    source = edge.source()
    empty = {"externalItemId": "faq-1", "history": [], "nextCursor": None, "earlier": False, "erasedAt": None}
    assert read(edge, source) == empty
    publish(edge, source, "one", "another")
    edge.push(source)
    assert read(edge, source) == empty


def test_who_may_not_read_items_or_runs_is_told_nothing(edge: Edge) -> None:
    source = edge.source()
    publish(edge, source, "one")
    for scopes in ((Scope.ITEMS_READ,), (Scope.RUNS_READ,)):
        reply = edge.request("GET", history_path(source, "faq-1"), key=edge.key(edge.admin, scopes=scopes))
        assert (reply.status, reply.code) == (403, "insufficient_scope")
    stranger = edge.key(edge.bootstrap())
    reply = edge.request("GET", history_path(source, "faq-1"), key=stranger)
    assert (reply.status, reply.code) == (404, "not_found")


def test_pages_lead_on_past_generations_in_which_nothing_came_of_it(edge: Edge) -> None:
    source = edge.source()
    made = [publish(edge, source, "one")]
    for number in range(3):
        publish(edge, source, f"{number}", "another")
    made.append(publish(edge, source, "two"))
    found = list(pages(edge, history_path(source, "faq-1"), "limit=2", edge.token))
    assert [len(page["history"]) for page in found] == [1, 0, 1]
    assert [entry["generation"]["id"] for page in found for entry in page["history"]] == made[::-1]
    # It goes down from where it is, whatever is published meanwhile.
    cursor = found[0]["nextCursor"]
    publish(edge, source, "three")
    query = f"limit=2&cursor={cursor}"
    assert edge.request("GET", history_path(source, "faq-1"), query=query).body == found[1]
    other = edge.request("GET", history_path(source, "another"), query=query)
    assert (other.status, other.code) == (400, "validation_error")


def test_page_that_would_begin_with_what_is_retired_is_to_be_begun_again(edge: Edge) -> None:
    source = edge.source()
    made = [publish(edge, source, f"{number}") for number in range(3)]
    path = history_path(source, "faq-1")
    cursor = edge.request("GET", path, query="limit=1").body["nextCursor"]
    retire(edge, source, made[0])
    retire(edge, source, made[1])
    reply = edge.request("GET", path, query=f"limit=1&cursor={cursor}")
    assert (reply.status, reply.code) == (409, "stale_cursor")


def test_tag_changes_with_what_is_told(edge: Edge) -> None:
    source = edge.source()
    first = publish(edge, source, "one")
    publish(edge, source, "two")
    path = history_path(source, "faq-1")
    tags: list[str] = []

    def reads_anew() -> bool:
        reply = edge.request("GET", path, headers={"If-None-Match": tags[-1]} if tags else {})
        tags.append(reply.headers["etag"])
        return reply.status == 200

    assert reads_anew()
    publish(edge, source, "else", "another")
    assert not reads_anew(), "nothing came of it"
    retire(edge, source, first)
    assert reads_anew(), "one entry fewer, which was earlier"
    publish(edge, source, "three")
    assert reads_anew()
    ask(edge, source, "faq-1")
    assert reads_anew()


def test_erasure_ends_a_history_and_is_told(edge: Edge) -> None:
    source = edge.source()
    publish(edge, source, "one")
    opened = ask(edge, source, "faq-1")["openedAt"]
    assert (read(edge, source)["history"], read(edge, source)["erasedAt"]) == ([], opened)
    back = publish(edge, source, "anew")
    body = read(edge, source)
    assert [(entry["generation"]["id"], entry["change"]) for entry in body["history"]] == [(back, "added")]
    assert (body["earlier"], body["erasedAt"]) == (False, opened)
