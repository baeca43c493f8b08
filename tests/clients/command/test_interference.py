"""Somebody else at the same time, and a network that loses things: what is served is always what one command wanted."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.command.driver import Kb
from tests.clients.command.product import KB_TOML, PAGES, Product, Unreliable
from tests.clients.folder.trees import write_tree

SEEDS = int(os.environ.get("KB_SEEDS", "5"))
CHANGED = {**PAGES, "page-1.md": "# Changed\n"}


def before(method: str, ending: str, do: Callable[[], Any], times: int = 1) -> Callable[[httpx.Request], None]:
    """Do something before the first requests of a kind."""
    left = [times]

    def meddle(request: httpx.Request) -> None:
        if request.method == method and request.url.path.endswith(ending) and left[0]:
            left[0] -= 1
            do()

    return meddle


def test_two_first_runs_make_one_source(product: Product, kb: Kb) -> None:
    product.write(PAGES)

    def another() -> None:
        source_id = product.edge.source(label="docs-1@x/y")
        product.edge.push(source_id, "page-1.md", content="of the other one")
        product.edge.publish(source_id)

    product.meddling = before("POST", "/sources", another)
    ended = kb("apply")
    assert (ended.code, product.served) == (0, PAGES)
    assert len(product.edge.request("GET", "/v1/sources").body["sources"]) == 1


def test_mixture_is_seen_and_never_published(product: Product, kb: Kb) -> None:
    product.publish()
    product.write(CHANGED)
    # What somebody pushes between our last batch and our run is in that run.
    product.meddling = before("POST", "/runs", lambda: product.edge.push(product.source["id"], "intruder.md"))
    ended = kb("apply")
    assert (ended.code, product.served) == (0, CHANGED)
    assert "intruder.md" in ended.err
    # Somebody who never stops is told of.
    product.write({"page-2.md": "# Changed too\n"})
    for command in ("apply", "plan"):
        numbers = iter(range(99))

        def push(numbers: Any = numbers) -> None:
            product.edge.push(product.source["id"], "page-1.md", content=f"intruder {next(numbers)}")

        product.meddling = before("POST", "/runs", push, times=99)
        ended = kb(command)
        assert (ended.code, product.served) == (3, CHANGED)
        assert "(staging_mixed)" in ended.err
        assert "(page-1.md)" in ended.err


@pytest.mark.parametrize("at", ["/runs", "/apply", "/items/batch"])
def test_publication_in_between_is_compared_anew(product: Product, kb: Kb, at: str) -> None:
    product.publish()
    product.write(CHANGED)

    def another() -> None:
        product.edge.push(product.source["id"], "page-1.md", content="of the other one")
        product.edge.publish(product.source["id"])

    product.meddling = before("POST", at, another)
    assert (kb("apply").code, product.served) == (0, CHANGED)


def test_generation_that_our_changes_would_fit_by_chance_is_noticed(product: Product, kb: Kb) -> None:
    """Somebody's run was planned before we staged, and is applied before we plan: our changes alone look right."""
    product.publish()
    product.write(CHANGED)
    source_id = product.source["id"]
    product.edge.push(source_id, "x.md")
    theirs = product.edge.run(source_id)

    def another() -> None:
        product.edge.push(source_id, "x.md")
        assert product.edge.apply(source_id, theirs).status == 200

    product.meddling = before("POST", "/runs", another)
    ended = kb("apply")
    assert (ended.code, product.served) == (0, CHANGED)
    assert "was published while the folder was compared" in ended.err


def test_run_that_is_not_complete_is_not_applied(product: Product, kb: Kb) -> None:
    product.publish()
    product.write(CHANGED)

    def incomplete(times: int) -> Callable[[httpx.Request], httpx.Response | None]:
        left = [times]

        def meddle(request: httpx.Request) -> httpx.Response | None:
            if request.method != "POST" or not request.url.path.endswith("/runs") or not left[0]:
                return None
            left[0] -= 1
            answer = product.answer(request).json()
            answer["run"].update(applyEligible=False, reason="An import is under way.")
            return httpx.Response(201, json=answer)

        return meddle

    product.meddling = incomplete(1)
    ended = kb("apply")
    assert (ended.code, product.served) == (3, PAGES)
    assert "An import is under way." in ended.err
    assert kb.waits == []
    product.meddling = incomplete(4)
    assert (kb("apply", "--wait").code, product.served) == (0, CHANGED)
    assert len(kb.waits) == 4


def test_two_folders_of_one_label_take_turns_and_never_mix(product: Product, kb: Kb, tmp_path: Path) -> None:
    """Two checkouts at different commits: at any request of one, the other does all of its work."""
    other = tmp_path / "other"
    write_tree(
        other / "docs",
        {"page-1.md": "# Theirs\n", "page-9.md": "# Nine\n", **{f"page-{n}.md": "# N\n" for n in range(2, 7)}},
    )
    (other / "kb.toml").write_text(KB_TOML)
    product.publish()
    theirs = {f"page-{n}.md": "# N\n" for n in range(2, 7)} | {"page-1.md": "# Theirs\n", "page-9.md": "# Nine\n"}
    dice = random.Random(7)
    for turn in range(SEEDS):
        product.write({"page-1.md": f"# Turn {turn}\n"})
        ours = {**PAGES, "page-1.md": f"# Turn {turn}\n"}
        at, seen = dice.randrange(12), [0]

        def meddle(_: httpx.Request, at: int = at, seen: list[int] = seen) -> None:
            seen[0] += 1
            if seen[0] == at:
                from knowledge_client.command import main

                assert main(["apply", "--config", str(other), "--quiet"]) == 0
                assert product.served == theirs

        product.meddling = meddle
        assert kb("apply", "--approve-removals", "9").code == 0
        assert product.served in (ours, theirs)
        product.meddling = lambda _: None
        assert kb("apply", "--approve-removals", "9").code == 0
        assert product.served == ours


@pytest.mark.parametrize("seed", range(SEEDS))
def test_network_that_loses_a_fifth_leaves_one_of_the_sets(product: Product, kb: Kb, seed: int) -> None:
    product.publish()
    wanted = [PAGES]
    dice = random.Random(seed)
    for turn in range(3):
        product.write({f"page-{dice.randrange(6)}.md": f"# Turn {turn}\n", f"new-{turn}.md": "# New\n"})
        wanted.append({each.name: each.read_text() for each in product.docs.iterdir()})
        product.meddling = Unreliable(product, seed * 10 + turn, 0.2)
        for _ in range(4):
            ended = kb("apply")
            assert product.served in wanted
            assert ended.code in {0, 5}, ended.err
            if ended.code == 0:
                assert product.served == wanted[-1]
        product.meddling = lambda _: None
        assert kb("apply").code == 0
        assert product.served == wanted[-1]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("/batch", "Nothing was published. Run it again: it goes on from there."),
        ("/runs", "Nothing was published. Run it again: it goes on from there."),
        ("/apply", "All of it is served now, or nothing of it: kb status says which."),
    ],
)
def test_ctrl_c_says_what_is_served(product: Product, kb: Kb, at: str, told: str) -> None:
    product.publish()
    product.write(CHANGED)

    def interrupt(request: httpx.Request) -> None:
        if request.method == "POST" and request.url.path.endswith(at):
            raise KeyboardInterrupt

    product.meddling = interrupt
    ended = kb("apply")
    assert (ended.code, ended.err.splitlines()[-1]) == (130, f"Next: {told}")
    assert product.served == PAGES
    product.meddling = lambda _: None
    assert (kb("apply").code, product.served) == (0, CHANGED)


def test_no_answer_to_the_apply_is_told_as_such(product: Product, kb: Kb) -> None:
    product.publish()
    product.write(CHANGED)

    def lost(request: httpx.Request) -> None:
        if request.url.path.endswith("/apply"):
            product.answer(request)
            raise httpx.ReadError("the answer is lost", request=request)

    product.meddling = lost
    ended = kb("apply")
    assert (ended.code, "(no_answer)" in ended.err) == (5, True)
    assert "Next: All of it is served now, or nothing of it: kb status says which." in ended.err
    product.meddling = lambda _: None
    assert (kb("apply").code, product.served) == (0, CHANGED)
