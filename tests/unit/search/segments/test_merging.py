"""Merging neighbours, and building anew, change no hit, whatever stands before and after them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from search.errors import DamagedSegmentError
from search.queries.model import SearchQuery
from search.segments.building import Built
from search.segments.layout import encode_segment, pack_files
from search.segments.merging import as_part, head_of, merge_parts, read_part
from search.segments.model import Settings
from search.segments.prefixes import prefix_of
from search.segments.texts import encode_texts

from tests.support.segments import SETTINGS, SOURCE, built, document, head, index_of

IDS = "abcdefgh"


def hits(folder: Path, listed: list[Built]) -> dict[str, str]:
    found = index_of(folder, *map(head_of, listed)).search(SearchQuery("common"), 50)
    assert len({each.item_id for each in found}) == len(found)
    return {each.item_id: each.hash_prefix for each in found}


@pytest.mark.parametrize("seed", range(3))
def test_hits_are_those_of_what_was_published(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    listed: list[Built] = []
    state: dict[str, str] = {}
    for publication in range(10):
        documents = [document(each, f"common {publication}") for each in chance.sample(IDS, chance.randint(0, 3))]
        gone = chance.sample(IDS, chance.randint(0, 2))
        killed = {each for each in gone if each not in {document.item_id for document in documents}}
        state = {each: digest for each, digest in state.items() if each not in killed}
        state |= {each.item_id: each.content_hash[:32] for each in documents}
        own = as_part(documents, set(map(prefix_of, killed)))
        count = chance.randint(0, min(3, len(listed)))
        if count:
            # As a run does that builds its own together with its neighbours.
            neighbours = [read_part(*each) for each in listed[-count:]]
            merged = merge_parts([*neighbours, own], SETTINGS, begins_at_oldest=count == len(listed))
            listed[-count:] = merged
        else:
            listed.append(built(documents, killed))
        if len(listed) > 3 and chance.random() < 0.5:
            # As a compaction does, anywhere.
            start = chance.randint(0, len(listed) - 2)
            parts = [read_part(*each) for each in listed[start : start + 2]]
            listed[start : start + 2] = merge_parts(parts, SETTINGS, begins_at_oldest=start == 0)
        assert hits(tmp_path / str(publication), listed) == state


def test_killed_ids_stay_unless_there_is_nothing_older() -> None:
    parts = [as_part([document("a"), document("b")], {prefix_of("x")}), as_part([], {prefix_of("a")})]
    (middle,) = merge_parts(parts, SETTINGS, begins_at_oldest=False)
    (oldest,) = merge_parts(parts, SETTINGS, begins_at_oldest=True)
    assert set(head_of(middle).killed) == {prefix_of("a"), prefix_of("x")}
    assert (list(head_of(oldest).killed), list(head_of(oldest).added)) == ([], [prefix_of("b")])


def test_document_that_came_back_is_kept_by_its_place() -> None:
    first, last = document("a", "same"), document("a", "same")
    parts = [as_part([first], set()), as_part([], {prefix_of("a")}), as_part([last], set())]
    (merged,) = merge_parts(parts, SETTINGS, begins_at_oldest=True)
    assert merged.ref.documents == 1


def test_built_anew_with_another_default_language(tmp_path: Path) -> None:
    before = built([document("a", "Die Häuser")])
    german = Settings(SOURCE, "de")
    (after,) = merge_parts([read_part(*before)], german, begins_at_oldest=True)
    assert (list(head_of(before).header.analyses), list(head_of(after).header.analyses)) == (["en"], ["de"])
    assert before.ref.language != after.ref.language
    assert head_of(after).header.settings == german
    assert [each.item_id for each in index_of(tmp_path, head_of(after)).search(SearchQuery("Haus"), 5)] == ["a"]


def test_merged_segments_are_of_a_tier() -> None:
    (merged,) = merge_parts([as_part([document("a")], set())], SETTINGS, begins_at_oldest=True, tier=2)
    assert (merged.ref.tier, head([]).header.tier) == (2, 0)


def test_documents_of_other_items_than_the_ids_are_damage() -> None:
    one, other = built([document("a")]), encode_texts([document("b")])
    one_head = head_of(one)
    import dataclasses
    import hashlib

    header = dataclasses.replace(one_head.header, text_length=len(other), text_digest=hashlib.sha256(other).hexdigest())
    ids = bytes(one_head.added.data) + bytes(one_head.killed.data)
    with pytest.raises(DamagedSegmentError):
        read_part(*encode_segment(header, pack_files(one_head.files), ids, other))
