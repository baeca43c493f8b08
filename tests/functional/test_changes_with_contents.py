"""Changes with what is served of them since: enough to keep something else equal to a generation."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
from knowledge.index.trie import Trie

from testing.edge import Edge
from tests.support.edge_erasing import SECRET, ask, carry_out
from tests.support.edge_lists import pages

TEXTS = ("plain", 'a "quoted" \\ text', "检索与图书馆", "قائمة", "🙂\u200d🔥 e\u0301", "line\nfeed\ttab")
DETAILS: tuple[dict[str, Any], ...] = (
    {},
    {"url": "https://example.com/a?b=c&d", "language": "de", "tags": ["a", 'b"c']},
    {"contentType": "text/markdown", "metadata": {"é": "\u2028", "n": "1"}},
)


def list_changes(edge: Edge, source: str, generation: str, query: str) -> list[dict[str, Any]]:
    path = f"/v1/sources/{source}/generations/{generation}/changes"
    return [change for page in pages(edge, path, f"include=items&{query}", edge.token) for change in page["changes"]]


def list_items(edge: Edge, source: str, generation: str) -> dict[str, dict[str, Any]]:
    path = f"/v1/sources/{source}/generations/{generation}/items"
    listed = pages(edge, path, "include=content&limit=200", edge.token)
    return {item["externalItemId"]: item for page in listed for item in page["items"]}


def apply(copy: dict[str, dict[str, Any]], changes: list[dict[str, Any]]) -> None:
    """What an external engine does with changes."""
    for change in changes:
        name = change["externalItemId"]
        if change["change"] == "tombstoned":
            assert "content" not in change
            del copy[name]
        elif change["change"] == "removed":
            assert not change.keys() & {"content", "contentBytes", "tags"}
            copy[name] = {**copy[name], "removedAt": change["removedAt"]}
        else:
            of_change = {"change", "fields", "previousContentHash"}
            copy[name] = {field: value for field, value in change.items() if field not in of_change}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_copy_that_follows_is_what_is_served(edge: Edge, seed: int) -> None:
    """From any generation to any other, by the plan of a run and by comparing, in pages of any size."""
    dice = random.Random(seed)
    source = edge.source(graceDays=dice.choice((0, 30)))
    kept: set[str] = set()
    generations: list[str] = []
    for number in range(6):
        for name in dice.sample("abcdefgh", 4):
            if name in kept and dice.random() < 0.4:
                edge.request("DELETE", f"/v1/sources/{source}/items/{name}")
            else:
                text = f"{dice.choice(TEXTS)} {dice.randrange(3)}"
                edge.push(source, name, content=text, title=dice.choice(TEXTS)[:9], **dice.choice(DETAILS))
            kept.add(name)
        edge.clock.advance(seconds=60)
        generations.append(edge.publish(source))
        if number == 3:
            back = edge.request("POST", f"/v1/sources/{source}/generations/{generations[0]}/restore").body
            generations.append(back["generationId"])
    generations = list(dict.fromkeys(generations))
    assert len(generations) > 4
    served = {generation: list_items(edge, source, generation) for generation in generations}
    road = [*generations, *(dice.choice(generations) for _ in range(10))]
    copy: dict[str, dict[str, Any]] = {}
    apply(copy, list_changes(edge, source, road[0], "limit=3"))
    for before, after in pairwise(road):
        apply(copy, list_changes(edge, source, after, f"from={before}&limit={dice.choice((1, 3, 200))}"))
        assert copy == served[after]


def test_a_new_content_is_shown_once(edge: Edge) -> None:
    """Each word brings its own, so a page holds as many changes as one of contents can."""
    source = edge.source()
    edge.push(source, "a", content="the first text")
    edge.publish(source)
    edge.push(source, "a", content="the second text")
    edge.push(source, "b", content="the second text")
    edge.publish(source)
    path = f"/v1/sources/{source}/generations/current/changes"
    for include, olds, names in (("items", 0, {"content", "tags"}), ("content", 1, {"after"})):
        reply = edge.request("GET", path, query=f"include={include}")
        assert [len(reply.text.split(text)) - 1 for text in ("the first text", "the second text")] == [olds, 2]
        sides = {"before", "after", "content", "tags"}
        assert [each.keys() & sides - {"before"} for each in reply.body["changes"]] == [names, names]
    reply = edge.request("GET", path, query="include=content&include=items")
    assert (reply.status, reply.code) == (400, "validation_error")


def test_content_too_large_for_an_answer_is_linked(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "small")
    first = edge.publish(source)
    # Each takes six bytes in JSON.
    batch = {"items": [{"externalItemId": "large", "title": "T", "content": "\x01" * 700_000}]}
    assert edge.request("POST", f"/v1/sources/{source}/items/batch", batch, compress=True).status == 200
    second = edge.publish(source)
    edge.push(source, "after")
    edge.publish(source)
    for generation, query in ((second, ""), ("current", f"from={first}")):
        found = {each["externalItemId"]: each for each in list_changes(edge, source, generation, query)}
        large = found["large"]
        assert "content" not in large
        assert large["contentUrl"].startswith("https://")
        assert large["contentBytes"] == 700_000
        assert large["contentType"]


def test_nothing_is_told_of_what_was_erased(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "a")
    first = edge.publish(source)
    edge.push(source, "x", content=SECRET)
    edge.push(source, "b")
    second = edge.publish(source)
    edge.push(source, "c")
    third = edge.publish(source)
    carry_out(edge, source, ask(edge, source, "x")["id"])
    for generation, before, names in ((second, first, {"b"}), (third, first, {"b", "c"})):
        found = list_changes(edge, source, generation, f"from={before}")
        assert {change["externalItemId"] for change in found} == names
        assert SECRET not in str(found)
    rows = {each: edge.request("GET", f"/v1/sources/{source}/generations/{each}").body for each in (first, second)}
    assert [row["generation"]["erasedCount"] for row in rows.values()] == [0, 1]


def test_what_is_erased_after_its_line_was_read_is_left_out(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    source = edge.source()
    edge.push(source, "x", content=SECRET)
    edge.push(source, "b")
    edge.publish(source)
    find = Trie.find

    def without_x(trie: Trie, names: Any) -> Any:
        return {name: entry for name, entry in find(trie, names).items() if name != "x"}

    monkeypatch.setattr(Trie, "find", without_x)
    assert [change["externalItemId"] for change in list_changes(edge, source, "current", "")] == ["b"]
