"""Readers of a generation are never broken while it is kept, whatever is published and collected meanwhile."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from knowledge.index import trie
from knowledge.upkeep import scattered
from knowledge.upkeep.rounds import Upkeep

from tests.support.invariants import Reader, root_hash
from tests.support.sizes import sized

FURTHER = sized(140, 200)


@dataclass
class PagedReading:
    """A reading of one generation that goes on page by page while others are published."""

    generation_id: str
    expected: dict[str, str]
    found: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    position: Any = None

    def go_on(self, lifecycle: Any) -> bool:
        reader = lifecycle.knowledge.generations
        generation = reader.get_generation(lifecycle.source, self.generation_id)
        page = reader.list_items(generation, limit=3, position=self.position, include_content=True)
        self.found |= {item.external_item_id: item.content for item in page.items}
        self.hashes |= {item.external_item_id: item.content_hash for item in page.items}
        self.position = page.next_position
        return self.position is None


@pytest.mark.long
def test_readers_are_not_broken_by_many_further_generations(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle = lean_lifecycle
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 4)
    monkeypatch.setattr(scattered, "SMALL_OBJECTS", 4)
    lifecycle.knowledge.sources.update_source(lifecycle.tenant_id, lifecycle.source_id, grace_days=0)
    dice = random.Random(17)
    upkeep: Upkeep = lifecycle.knowledge.upkeep
    staged = {f"item-{number}": f"{number} from the start" for number in range(12)}
    lifecycle.push_many(staged)
    served = {lifecycle.publish().generation_id: dict(staged)}
    readings: list[PagedReading] = []
    read = compacted = 0
    for number in range(FURTHER):
        changes = {f"item-{dice.randrange(20)}": f"text {number}" for _ in range(3)}
        gone = set(dice.sample(sorted(staged.keys() - changes.keys()), 1))
        lifecycle.push_many(changes)
        lifecycle.push(*gone)
        staged = {name: text for name, text in {**staged, **changes}.items() if name not in gone}
        served[lifecycle.publish().generation_id] = dict(staged)
        lifecycle.clock.advance(days=0.25)
        if number % 10 == 9:
            upkeep.collector.collect_garbage(lifecycle.source)
            compacted += upkeep.compactor.compact_source(lifecycle.source) is not None
        kept = [each.generation_id for each in upkeep.stores.generations.list_kept(lifecycle.source_id)]
        readings = [reading for reading in readings if reading.generation_id in kept]
        for reading in list(readings):
            if reading.go_on(lifecycle):
                assert reading.found == reading.expected
                stored = lifecycle.knowledge.generations.get_generation(lifecycle.source, reading.generation_id)
                assert root_hash(reading.hashes, 4) == stored.root_hash
                readings.remove(reading)
                read += 1
        while len(readings) < 3:
            chosen = dice.choice([each for each in kept if each in served])
            readings.append(PagedReading(chosen, served[chosen]))
    assert read > FURTHER // 4
    assert compacted > 2
    stored = Reader(lifecycle, 4).read()
    assert len(stored.served) == len(kept) < FURTHER
    for generation_id, found in stored.served.items():
        if generation_id in served:
            assert {name: entry.content for name, entry in found.items()} == served[generation_id]
    lifecycle.check(settled=True, leaf_entries=4)
