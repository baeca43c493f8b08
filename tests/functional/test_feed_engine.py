"""The example that keeps another search engine in step, against the handlers: whatever happens, it ends equal."""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from knowledge.limits import GENERATION_KEPT_MS, GENERATIONS_KEPT
from knowledge_client import KnowledgeClient

from testing.edge import Edge
from tests.support.edge_erasing import SECRET, ask, carry_out
from tests.support.edge_lists import pages
from tests.support.sizes import sized

EXAMPLE = Path(__file__).parents[2] / "examples" / "python"
NAMES = "abcdefgh"


class Stopped(BaseException):
    """Raised where the example is killed."""


class Handlers(httpx.BaseTransport):
    """Hands a client's requests to the functions; `meddle` is called before the request of that number from now on."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.meddle: dict[int, Any] = {}
        self.requests = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.meddle.pop(self.requests, lambda: None)()
        self.requests += 1
        # The key's minute would end otherwise.
        self.edge.clock.advance(seconds=1)
        query = request.url.query.decode()
        reply = self.edge.request(request.method, request.url.path.removeprefix("/api"), query=query)
        return httpx.Response(reply.status, text=reply.text, headers={"Content-Type": "application/json"})

    def at(self, number: int, meddle: Any) -> None:
        """Do something before a request of the next round, counted from 0."""
        self.meddle, self.requests = {number: meddle}, 0


class Fed:
    """A source, and an engine that is kept in step with it, from one process to the next."""

    def __init__(self, edge: Edge, path: Path, **source: Any) -> None:
        self.edge, self.path = edge, path
        self.source = edge.source(**source)
        self.example = importlib.import_module("feed_engine")
        self.handlers = Handlers(edge)
        http_client = httpx.Client(transport=self.handlers)
        self.api = KnowledgeClient("http://127.0.0.1/api", "sk_test", http_client=http_client)
        self.engine = self.example.Engine(path)

    def sync(self) -> Any:
        return self.example.sync(self.api, self.source, self.engine, limit=2)

    def sync_until(self, commits: int) -> None:
        """Be killed behind so many commits, and start anew."""
        engine, left = self.engine, commits
        commit = engine.commit

        def count() -> None:
            nonlocal left
            commit()
            left -= 1
            if left == 0:
                raise Stopped

        engine.commit = count
        with suppress(Stopped):
            self.sync()
        engine._database.close()
        self.engine = self.example.Engine(self.path)

    def served(self) -> dict[str, dict[str, Any]]:
        path = f"/v1/sources/{self.source}/generations/current/items"
        listed = pages(self.edge, path, "include=content&limit=200", self.edge.token)
        return {item["externalItemId"]: item for page in listed for item in page["items"]}

    def check(self) -> None:
        """Bring the engine up to date, and compare everything with what is served."""
        known = self.sync()
        assert self.engine.items() == self.served()
        current = self.edge.request("GET", f"/v1/sources/{self.source}/generations/current").body["generation"]
        assert (known.id, known.sequence) == (current["id"], current["sequence"])
        assert self.engine.read_checkpoint() == (known, None)


@pytest.fixture(autouse=True)
def _examples_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "engine.db"


def change(fed: Fed, dice: random.Random, generations: list[str]) -> None:
    """Push, remove, take back, restore: one publication."""
    edge, source = fed.edge, fed.source
    if len(generations) > 2 and dice.random() < 0.25:
        chosen = dice.choice(generations)
        reply = edge.request("POST", f"/v1/sources/{source}/generations/{chosen}/restore")
        assert reply.status == 200
    else:
        for name in dice.sample(NAMES, 3):
            way = dice.random()
            if way < 0.3:
                edge.request("DELETE", f"/v1/sources/{source}/items/{name}")
            elif way < 0.4:
                edge.request("POST", f"/v1/sources/{source}/items/{name}/restore")
            else:
                edge.push(source, name, content=f'检索 🙂 "text" {dice.randrange(4)}', tags=[name])
        edge.publish(source)
    generations.append(edge.request("GET", f"/v1/sources/{source}/generations/current").body["generation"]["id"])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(sized(2, 8)))
def test_engine_that_is_killed_anywhere_ends_equal(edge: Edge, path: Path, seed: int) -> None:
    dice = random.Random(seed)
    fed = Fed(edge, path, graceDays=dice.choice((0, 30)))
    generations: list[str] = []
    for _ in range(12):
        edge.clock.advance(seconds=60)
        change(fed, dice, generations)
        match dice.randrange(4):
            case 0:
                fed.check()
            case 1 | 2:
                fed.sync_until(dice.randint(1, 6))
            case _:
                pass
    fed.check()
    assert fed.engine.search("检索 text")


def test_what_was_applied_of_a_generation_that_was_left_behind_does_not_stay(edge: Edge, path: Path) -> None:
    """A part of a generation is in the engine, and the next one has it no more: no comparison with the first tells."""
    fed = Fed(edge, path, graceDays=0)
    edge.push(fed.source, "a")
    edge.publish(fed.source)
    fed.check()
    for name in "bcde":
        edge.push(fed.source, name)
    edge.publish(fed.source)
    # The target is noted by two commits; then the first page is in.
    fed.sync_until(3)
    assert len(fed.engine.items()) == 3
    for name in "bcde":
        edge.request("DELETE", f"/v1/sources/{fed.source}/items/{name}")
    edge.publish(fed.source)
    fed.check()
    assert set(fed.engine.items()) == {"a"}


@pytest.mark.long
def test_engine_behind_what_is_kept_loads_anew(edge: Edge, path: Path) -> None:
    fed = Fed(edge, path, graceDays=0)
    for name in "abc":
        edge.push(fed.source, name)
    edge.publish(fed.source)
    fed.check()
    edge.request("DELETE", f"/v1/sources/{fed.source}/items/b")
    for number in range(GENERATIONS_KEPT + 2):
        edge.push(fed.source, "d", content=f"{number}")
        edge.publish(fed.source)
    edge.clock.advance(ms=GENERATION_KEPT_MS + 1)
    assert not edge.services.knowledge.upkeep.go_on(lambda: True).failed
    applied, _ = fed.engine.read_checkpoint()
    gone = edge.request("GET", f"/v1/sources/{fed.source}/generations/{applied.id}/items")
    assert gone.status == 404
    reply = edge.request(
        "GET", f"/v1/sources/{fed.source}/generations/current/changes", query=f"include=items&from={applied.id}"
    )
    assert (reply.status, reply.code) == (404, "not_found")
    fed.check()


@pytest.mark.long
@pytest.mark.parametrize("when", [0, 1, 2, 3, 4, 5, 6])
def test_erased_item_leaves_the_engine_whenever_it_is_erased(edge: Edge, path: Path, when: int) -> None:
    """Between any two requests of a round: neither the old nor the new generation tells of the item afterwards."""
    fed = Fed(edge, path, graceDays=0)
    for name in "axyz":
        edge.push(fed.source, name, content=SECRET if name == "x" else "plain")
    edge.publish(fed.source)
    fed.check()
    edge.push(fed.source, "n")
    edge.request("DELETE", f"/v1/sources/{fed.source}/items/x")
    edge.publish(fed.source)
    fed.handlers.at(when, lambda: carry_out(edge, fed.source, ask(edge, fed.source, "x")["id"]))
    fed.sync()
    fed.check()
    assert SECRET not in str(fed.engine.items())


def test_events_may_come_twice_late_and_out_of_order(edge: Edge, path: Path) -> None:
    fed = Fed(edge, path)
    events = []
    for number in range(3):
        edge.push(fed.source, "a", content=f"{number}")
        edge.publish(fed.source)
        events.append({"detail": {"data": {"sequence": number + 1}}})
    assert fed.example.is_news(events[1], fed.engine)
    fed.check()
    assert not any(fed.example.is_news(event, fed.engine) for event in [events[2], *events])


def test_source_of_which_nothing_is_published_feeds_nothing(edge: Edge, path: Path) -> None:
    fed = Fed(edge, path)
    assert fed.sync() is None
    assert fed.engine.items() == {}
