"""What a client has is not sent again, and what it did not see is not written over."""

from __future__ import annotations

from typing import Any

import pytest

from testing import spec
from testing.edge import Edge, Reply, item_path
from testing.operations import RATE_HEADERS, send

SOURCES = "/v1/sources"
ABSENT = {"If-None-Match": "*"}


def having(reply: Reply) -> dict[str, str]:
    return {"If-None-Match": reply.headers["etag"]}


def seen(reply: Reply) -> dict[str, str]:
    return {"If-Match": reply.headers["etag"]}


def push(edge: Edge, source: str, content: str, *, key: str = "", **headers: str) -> Reply:
    item = {"externalItemId": "a/b", "title": "Title", "content": content}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return edge.request("POST", f"{SOURCES}/{source}/items", item, headers=named, key=key)


def taken(reply: Reply) -> tuple[int, str | None]:
    return reply.status, reply.body.get("code")


REFUSED = (412, "precondition_failed")


# Reads


def paths_of(edge: Edge) -> list[str]:
    """One path of each operation that has a tag."""
    source = edge.source()
    edge.push(source)
    edge.publish(source)
    generations = f"{SOURCES}/{source}/generations"
    return [
        *(SOURCES, f"{SOURCES}/{source}", f"{SOURCES}/{source}/items", item_path(source, "faq-1")),
        f"{item_path(source, 'faq-1')}/history",
        *(generations, f"{generations}/current", f"{generations}/current/items"),
        f"{generations}/current/items/faq-1",
    ]


def test_every_tagged_read_is_left_out_for_who_has_it(edge: Edge) -> None:
    paths = paths_of(edge)
    named = {spec.find("GET", path).name for path in paths}
    assert named == {each.name for each in spec.operations() if 304 in each.statuses()}
    for path in paths:
        first = edge.request("GET", path)
        again = edge.request("GET", path, headers=having(first))
        assert (first.status, again.status, again.text) == (200, 304, ""), path
        assert again.headers["etag"] == first.headers["etag"]
        assert "content-type" not in again.headers
        # It counts as any other request.
        assert int(again.headers["ratelimit-remaining"]) == int(first.headers["ratelimit-remaining"]) - 1
        listed = {"If-None-Match": f'"x", W/{first.headers["etag"]}'}
        assert edge.request("GET", path, headers=listed).status == 304
        assert edge.request("GET", path, headers=ABSENT).status == 304
        assert edge.request("GET", path, headers={"If-None-Match": '"x"'}).status == 200
        refused = edge.request("GET", path, headers={"If-None-Match": "x"})
        assert taken(refused) == (400, "validation_error")
        assert refused.body["details"][0]["path"] == "If-None-Match"
        assert edge.request("HEAD", path, headers=having(first)).status == 304


def test_tag_changes_with_whatever_is_seen_of_an_item(edge: Edge) -> None:
    source = edge.source()
    path = item_path(source, "a/b")
    tags = []

    def note() -> None:
        edge.clock.advance(seconds=1)
        tags.append(edge.request("GET", path).headers["etag"])

    push(edge, source, "one")
    note()
    push(edge, source, "one")
    note()
    assert tags[0] == tags[1]
    item = {"externalItemId": "a/b", "title": "Title", "content": "one", "sourceVersion": 3}
    edge.request("POST", f"{SOURCES}/{source}/items", item)
    note()
    edge.request("DELETE", path)
    note()
    # When it is dropped follows from the source's settings: another answer, of the same item.
    edge.request("PATCH", f"{SOURCES}/{source}", {"graceDays": 2})
    note()
    assert tags[3].partition(".")[0] == tags[4].partition(".")[0]
    edge.request("PATCH", f"{SOURCES}/{source}", {"graceDays": 0})
    edge.publish(source)
    note()
    edge.request("POST", f"{path}/restore")
    note()
    assert len(set(tags)) == len(tags) - 1
    # Of what a write may depend on as well, but for the settings.
    assert len({tag.partition(".")[0] for tag in tags}) == len(tags) - 2


def test_generation_has_another_tag_once_it_is_retired_or_erased(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    edge.publish(source)
    path = f"{SOURCES}/{source}/generations/current"
    first = edge.request("GET", path)
    edge.push(source, content="Else.")
    edge.publish(source)
    assert edge.request("GET", path, headers=having(first)).status == 200
    old = f"{SOURCES}/{source}/generations/{first.body['generation']['id']}"
    assert edge.request("GET", old, headers=having(first)).status == 304


# Writes


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_item_is_changed_only_as_it_was_seen(edge: Edge, method: str) -> None:
    source = edge.source()
    path = item_path(source, "a/b")
    assert push(edge, source, "one").status == 201

    def write(**headers: str) -> Reply:
        if method == "POST":
            return push(edge, source, "two", **headers)
        return edge.request("DELETE", path, headers={"If-Match": headers["If_Match"]})

    old = edge.request("GET", path)
    edge.clock.advance(seconds=1)
    push(edge, source, "by another")
    current = edge.request("GET", path)
    for header in (old.headers["etag"], '"x"', f"W/{current.headers['etag']}"):
        refused = write(If_Match=header)
        assert taken(refused) == REFUSED
        assert refused.headers.keys() >= set(RATE_HEADERS)
        # As far as a write minds it.
        assert refused.headers["etag"] == f'{current.headers["etag"].partition(".")[0]}"'
    assert edge.request("GET", path, headers=having(current)).status == 304
    done = write(If_Match=f"{old.headers['etag']}, {current.headers['etag']}")
    assert done.status == 200
    assert done.headers["etag"] == f'{edge.request("GET", path).headers["etag"].partition(".")[0]}"'


def test_answer_to_a_write_and_a_refusal_are_as_good_as_a_read(edge: Edge) -> None:
    source = edge.source()
    written = push(edge, source, "one")
    edge.clock.advance(seconds=1)
    second = push(edge, source, "two", If_Match=written.headers["etag"])
    assert second.status == 200
    refused = push(edge, source, "three", If_Match=written.headers["etag"])
    assert push(edge, source, "three", If_Match=refused.headers["etag"]).status == 200


def test_publishing_changes_no_item(edge: Edge) -> None:
    source = edge.source()
    push(edge, source, "one")
    read = edge.request("GET", item_path(source, "a/b"))
    edge.publish(source)
    assert push(edge, source, "two", **{"If_Match": read.headers["etag"]}).status == 200


def test_star_is_whatever_is_there(edge: Edge) -> None:
    source = edge.source()
    refused = push(edge, source, "one", If_Match="*")
    assert taken(refused) == REFUSED
    assert "etag" not in refused.headers
    assert edge.request("DELETE", item_path(source, "a/b"), headers={"If-Match": "*"}).status == 404
    push(edge, source, "one")
    assert push(edge, source, "two", If_Match="*").status == 200
    assert edge.request("DELETE", item_path(source, "a/b"), headers={"If-Match": "*"}).status == 200


def test_only_what_is_not_there_is_created(edge: Edge) -> None:
    source = edge.source(graceDays=0)
    created = push(edge, source, "one", If_None_Match="*")
    assert (created.status, created.body["result"]) == (201, "created")
    for content in ("one", "two"):
        refused = push(edge, source, content, If_None_Match="*")
        assert taken(refused) == REFUSED
        assert refused.headers["etag"] == created.headers["etag"]
    edge.request("DELETE", item_path(source, "a/b"))
    assert taken(push(edge, source, "two", If_None_Match="*")) == REFUSED
    # A tombstone is gone, as for a push without the header.
    edge.publish(source)
    assert push(edge, source, "two", If_None_Match="*").body["result"] == "created"


def test_write_that_changes_nothing_may_be_a_repeat(edge: Edge) -> None:
    source = edge.source()
    first = push(edge, source, "one")
    edge.clock.advance(seconds=1)
    assert push(edge, source, "two", If_Match=first.headers["etag"]).status == 200
    # Its answer was lost, and with it the record of it.
    repeat = push(edge, source, "two", If_Match=first.headers["etag"])
    assert (repeat.status, repeat.body["result"]) == (200, "unchanged")


def test_stale_version_is_told_before_a_condition(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "a/b", sourceVersion=5)
    item = {"externalItemId": "a/b", "title": "T", "content": "c", "sourceVersion": 4}
    reply = edge.request("POST", f"{SOURCES}/{source}/items", item, headers={"If-Match": '"x"'})
    assert taken(reply) == (409, "stale_version")


def test_removal_that_is_refused_is_not_remembered(edge: Edge) -> None:
    source = edge.source()
    path = item_path(source, "a/b")
    refused = edge.request("DELETE", path, query="sourceVersion=5", headers={"If-Match": '"x"'})
    assert taken(refused) == REFUSED
    assert edge.push(source, "a/b", sourceVersion=4).status == 201


def test_kept_answer_is_sent_again_though_the_tag_has_moved(edge: Edge) -> None:
    source = edge.source()
    first = push(edge, source, "one")
    keyed = {"Idempotency_Key": "k", "If_Match": first.headers["etag"]}
    edge.clock.advance(seconds=1)
    done = push(edge, source, "two", **keyed)
    edge.clock.advance(seconds=1)
    push(edge, source, "three")
    replayed = push(edge, source, "two", **keyed)
    assert (replayed.status, replayed.text) == (200, done.text)
    assert replayed.headers["idempotent-replayed"] == "true"
    assert replayed.headers["etag"] == done.headers["etag"]
    assert edge.request("GET", item_path(source, "a/b")).body["item"]["content"] == "three"
    # The same change on another condition is another request.
    other = push(edge, source, "two", **{**keyed, "If_Match": '"x"'})
    assert taken(other) == (409, "idempotency_conflict")


def test_refused_key_may_come_again_with_what_is_there_now(edge: Edge) -> None:
    source = edge.source()
    first = push(edge, source, "one")
    refused = push(edge, source, "two", Idempotency_Key="k", If_Match='"x"')
    assert taken(refused) == REFUSED
    assert push(edge, source, "two", Idempotency_Key="k", If_Match=first.headers["etag"]).status == 200


def test_source_is_changed_only_as_it_was_seen(edge: Edge) -> None:
    source = edge.source()
    path = f"{SOURCES}/{source}"
    read = edge.request("GET", path)
    # What goes on in it is none of its settings, though what waits is seen.
    edge.push(source)
    waiting = edge.request("GET", path, headers=having(read))
    assert (waiting.status, waiting.body["source"]["pendingChanges"]) == (200, 1)
    assert edge.request("PATCH", path, {"titleWeight": 1}, headers=seen(read)).status == 200
    edge.publish(source)
    assert edge.request("GET", path, headers=having(read)).status == 200
    changed = edge.request("PATCH", path, {"name": "Mine", "titleWeight": 2}, headers=seen(read))
    assert changed.status == 200
    current = edge.request("GET", path)
    assert current.headers["etag"].startswith(changed.headers["etag"][:-1])
    for method, body in (("PATCH", {"name": "Yours"}), ("DELETE", None)):
        refused = edge.request(method, path, body, headers=seen(read))
        assert (taken(refused), refused.headers["etag"]) == (REFUSED, changed.headers["etag"])
    assert edge.request("PATCH", path, {"name": "Mine"}, headers=seen(read)).status == 200
    archived = edge.request("DELETE", path, headers=seen(current))
    assert (archived.status, archived.body["source"]["name"]) == (200, "Mine")
    # Twice is the same as once.
    assert edge.request("DELETE", path, headers=seen(current)).status == 200
    assert edge.request("PATCH", path, {"name": "Else"}, headers=seen(current)).code == "source_inactive"
    restored = edge.request("POST", f"{path}/restore")
    assert restored.headers["etag"] == changed.headers["etag"] != archived.headers["etag"]


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        (
            {"removalGuard": {"maxPercent": 10, "maxItems": 3}, "titleWeight": 2, "defaultLanguage": "en"},
            [{"removalGuard": {"maxPercent": 11}}, {"titleWeight": 3}, {"defaultLanguage": None}, {"name": "m"}],
        ),
        (
            {"synonyms": [["a", "b"]], "questionLog": "on", "serving": "off", "graceDays": 3},
            [
                {"synonyms": [["a", "c"]]},
                {"questionLog": "off"},
                {"serving": "on"},
                {"graceDays": 2},
                {"publishing": "locked"},
            ],
        ),
    ],
)
def test_tag_of_a_created_source_is_that_of_a_read_one(
    edge: Edge, settings: dict[str, Any], changes: list[dict[str, Any]]
) -> None:
    created = edge.request("POST", SOURCES, {"name": "n", **settings})
    path = f"{SOURCES}/{created.body['source']['id']}"
    assert edge.request("GET", path).headers["etag"].startswith(created.headers["etag"][:-1])
    tags = {created.headers["etag"]}
    for changed in changes:
        tags.add(edge.request("PATCH", path, changed).headers["etag"])
    assert len(tags) == 1 + len(changes)


def test_no_operation_ignores_a_condition_that_it_does_not_take(edge: Edge) -> None:
    for operation in spec.keyed():
        taking = {each["name"] for each in operation.parameters("header")}
        for name in ({"If-Match"} | ({"If-None-Match"} if operation.method != "GET" else set())) - taking:
            reply = send(edge, operation, headers={name: '"x"'})
            assert taken(reply) == (400, "validation_error"), operation.name
            assert [each["path"] for each in reply.body["details"]] == [name]
