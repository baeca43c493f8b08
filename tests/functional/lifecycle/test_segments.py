"""What is published can be found, by segments that are named by what is published; `check` holds every state to that.

`check` (see `tests.support.invariants`) demands of each generation that is kept that the documents that count in its
segments are the items that it serves.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from knowledge.errors import KnowledgeError
from knowledge.generations.model import GenerationOrigin
from knowledge.segments import rebuilding, writing
from search.hits.serving import ServedIndex
from search.queries.model import SearchQuery
from search.segments import building, policy
from search.segments.layout import decode_head
from search.segments.model import Settings

from tests.support.segment_lists import found_in
from tests.support.segments import head

WORDS = [
    "lamp",
    "chair",
    "table",
    "river",
    "mountain",
    "cloud",
    "paper",
    "window",
    "garden",
    "bridge",
    "street",
    "engine",
]
WEIGHTS = [1 / place for place in range(1, len(WORDS) + 1)]
QUERIES = ["lamp", "river mountain", "paper window garden", "cloud bridge", "engine street table", "chair"]


def text_of(dice: random.Random) -> str:
    return " ".join(dice.choices(WORDS, WEIGHTS, k=dice.randrange(3, 90)))


def segments_of(lifecycle: Any) -> Any:
    return lifecycle.knowledge.stores.index.open_index(lifecycle.current.manifest).manifest.segments


def served_index(lifecycle: Any, folder: Path) -> ServedIndex:
    """What a search reads of the current generation."""
    heads = []
    stores = lifecycle.knowledge.stores
    for row in segments_of(lifecycle).rows:
        data = stores.objects.read_range(row.name.key(lifecycle.tenant_id, lifecycle.source_id), 0, row.head)
        heads.append(decode_head(writing.ref_of(row), data))
    return ServedIndex({lifecycle.source_id: heads}, folder)


def rebuilt_index(lifecycle: Any, folder: Path) -> ServedIndex:
    """An index of the current generation that was built at once."""
    stored = lifecycle.check()
    state = stored.states[lifecycle.current.generation_id]
    documents = found_in(state, lifecycle.knowledge.stores.objects.read_object)
    whole = head(list((documents or {}).values()), settings=Settings(lifecycle.source_id))
    return ServedIndex({lifecycle.source_id: [whole]}, folder)


def best(index: ServedIndex, query: str) -> list[str]:
    return [hit.item_id for hit in index.search(SearchQuery(query), 10)]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_hits_are_those_of_an_index_built_at_once(
    lean_lifecycle: Any, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random publications, restores and compactions; the best ten are the same but for ties."""
    # With so few items, as many dead ones as a source may have would count for much.
    monkeypatch.setattr(policy, "_DEAD_DOCUMENTS", 10)
    lifecycle, dice = lean_lifecycle, random.Random(seed)
    shared, seen = 0, 0
    for step in range(36):
        names = [f"item-{dice.randrange(60)}" for _ in range(dice.choice([1, 2, 9, 30]))]
        lifecycle.push_many({name: text_of(dice) for name in names})
        for name in names[: dice.randrange(3)]:
            lifecycle.remove(name)
        lifecycle.publish(dice.choice(["incremental", "incremental", "full"]))
        if dice.random() < 0.3:
            lifecycle.clock.advance(days=8)
            lifecycle.knowledge.upkeep.compactor.compact_source(lifecycle.source)
        if dice.random() < 0.15:
            older = dice.choice([each.generation_id for each in kept(lifecycle)])
            lifecycle.roll_back(older)
        if step % 6 == 5:
            index = served_index(lifecycle, tmp_path / f"served-{step}")
            whole = rebuilt_index(lifecycle, tmp_path / f"whole-{step}")
            for query in QUERIES:
                mine, other = best(index, query), best(whole, query)
                assert len(mine) == len(other)
                shared, seen = shared + len(set(mine) & set(other)), seen + len(other)
    assert shared >= 0.97 * seen


def kept(lifecycle: Any) -> list[Any]:
    return list(lifecycle.knowledge.stores.generations.list_kept(lifecycle.source_id))


def test_the_run_can_be_searched_before_it_is_published(lifecycle: Any, tmp_path: Path) -> None:
    lifecycle.push_many({"a": "old words"})
    lifecycle.publish()
    lifecycle.push_many({"a": "new words", "b": "more"})
    run = lifecycle.run()
    manifest = lifecycle.knowledge.stores.index.open_index(run.plan.index.manifest).manifest
    assert [row.documents for row in manifest.segments.rows] == [1, 2]
    assert best(served_index(lifecycle, tmp_path), "new") == []


def test_grace_keeps_an_item_found_and_its_end_does_not(lifecycle: Any, tmp_path: Path) -> None:
    lifecycle.push_many({"a": "lamp", "b": "lamp"})
    lifecycle.publish()
    lifecycle.remove("a")
    lifecycle.publish()
    assert set(best(served_index(lifecycle, tmp_path / "1"), "lamp")) == {"a", "b"}
    assert len(segments_of(lifecycle).rows) == 1
    lifecycle.clock.advance(days=8)
    lifecycle.publish()
    assert best(served_index(lifecycle, tmp_path / "2"), "lamp") == ["b"]
    lifecycle.check(settled=True)


def test_restore_answers_from_the_older_segments(lifecycle: Any, tmp_path: Path) -> None:
    lifecycle.push_many({"a": "lamp"})
    first = lifecycle.publish().generation_id
    lifecycle.push_many({"a": "chair"})
    lifecycle.publish()
    lifecycle.roll_back(first)
    index = served_index(lifecycle, tmp_path)
    assert (best(index, "lamp"), best(index, "chair")) == (["a"], [])
    lifecycle.check()


def test_small_segments_are_put_together_by_the_run(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    counts = []
    for number in range(20):
        lifecycle.push_many({f"item-{number}": f"text {number}"})
        lifecycle.publish()
        counts.append(len(segments_of(lifecycle).rows))
    assert max(counts) <= 9
    assert counts[-1] < 20
    lifecycle.check(settled=True)


def test_segment_that_is_lost_holds_no_publication_up_and_is_built_anew(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    for number in range(6):
        lifecycle.push_many({f"item-{number}": f"text {number}"})
        lifecycle.publish()
    lost = segments_of(lifecycle).rows[2]
    key = lost.name.key(lifecycle.tenant_id, lifecycle.source_id)
    lifecycle.knowledge.stores.objects.delete_objects([key])
    for number in range(6, 12):
        lifecycle.push_many({f"item-{number}": f"text {number}"})
        lifecycle.publish()
    assert lost in segments_of(lifecycle).rows
    generation = lifecycle.knowledge.upkeep.compactor.compact_source(lifecycle.source)
    assert generation.origin is GenerationOrigin.COMPACTION
    assert lost not in segments_of(lifecycle).rows
    assert segments_of(lifecycle).documents == 12


@pytest.mark.parametrize("what", ["format", "language"])
def test_other_rules_have_all_built_anew(lifecycle: Any, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    lifecycle.push_many({"a": "lamp", "b": "chair"})
    first = lifecycle.publish()
    assert lifecycle.knowledge.upkeep.compactor.compact_source(lifecycle.source) is None
    source = lifecycle.source
    if what == "format":
        monkeypatch.setattr(building.rules, "VERSION", 99)
    else:
        source = replace(source, default_language="de")
    generation = lifecycle.knowledge.upkeep.compactor.compact_source(source)
    assert (
        generation.root_hash
        == lifecycle.knowledge.stores.generations.get_generation(lifecycle.source_id, first.generation_id).root_hash
    )
    (row,) = segments_of(lifecycle).rows
    assert row.documents == 2
    source = replace(lifecycle.source, default_language=source.default_language)
    assert lifecycle.knowledge.upkeep.compactor.compact_source(source) is None
    lifecycle.check()


def test_dead_documents_are_left_behind(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle = lean_lifecycle
    monkeypatch.setattr(policy, "_DEAD_DOCUMENTS", 3)
    lifecycle.push_many({f"item-{number}": "text" for number in range(10)})
    lifecycle.publish()
    for edition in range(2):
        lifecycle.push_many({f"item-{number}": f"text {edition}" for number in range(5)})
        lifecycle.publish()
    assert segments_of(lifecycle).documents == 20
    lifecycle.knowledge.upkeep.compactor.compact_source(lifecycle.source)
    assert segments_of(lifecycle).documents == 10
    lifecycle.check(settled=True)


def test_source_that_grows_too_large_is_published_without_segments(
    lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (writing, rebuilding):
        monkeypatch.setattr(module, "SEARCHED_ITEMS", 5)
    lifecycle.push_many({f"item-{number}": "text" for number in range(5)})
    lifecycle.publish()
    assert segments_of(lifecycle).documents == 5
    lifecycle.push_many({"more": "text"})
    lifecycle.publish()
    assert segments_of(lifecycle).rows is None
    lifecycle.push_many({"item-0": "other"})
    lifecycle.publish()
    assert segments_of(lifecycle).rows is None
    assert lifecycle.knowledge.upkeep.compactor.compact_source(lifecycle.source) is None
    lifecycle.check(settled=True)
    for number in range(3):
        lifecycle.remove(f"item-{number}")
    lifecycle.publish()
    lifecycle.clock.advance(days=8)
    lifecycle.publish()
    assert lifecycle.knowledge.upkeep.compactor.compact_source(lifecycle.source) is not None
    assert segments_of(lifecycle).documents == 3
    lifecycle.check(settled=True)


def test_plan_whose_state_lacks_documents_is_not_published(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle.push_many({"a": "lamp", "b": "chair"})
    monkeypatch.setattr(writing.SegmentWriter, "add_item", lambda *_: None)
    run = lifecycle.run()
    with pytest.raises(KnowledgeError):
        lifecycle.apply(run)
    monkeypatch.undo()
    lifecycle.publish("full")
    lifecycle.check(settled=True)


def test_what_a_merge_left_is_kept_while_a_generation_names_it(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle = lean_lifecycle
    for number in range(12):
        lifecycle.push_many({f"item-{number}": f"text {number}"})
        lifecycle.publish()
        lifecycle.clock.advance(days=2)
    for _ in range(3):
        lifecycle.knowledge.upkeep.collector.collect_garbage(lifecycle.source)
        lifecycle.clock.advance(days=1)
    lifecycle.check()


def test_run_that_puts_segments_together_makes_eight_calls_more_at_most(lean_lifecycle: Any) -> None:
    lifecycle, calls = lean_lifecycle, {}
    for number in range(14):
        lifecycle.push_many({f"item-{number}": "text"})
        lifecycle.watch.calls.clear()
        lifecycle.publish()
        calls.setdefault(segments_of(lifecycle).replaces, []).append(len(lifecycle.watch.calls))
    assert set(calls) == {True, False}
    # What is published is read here, too: the same for both.
    assert max(calls[True]) - min(calls[False]) <= 8
