"""Histories of items: what is told of every way in which generations come about, and what reading them costs."""

from __future__ import annotations

import random
from typing import Any

import pytest
from knowledge.erasures import lookup
from knowledge.errors import InvalidPositionError, StaleListError
from knowledge.index import trie
from knowledge.upkeep import scattered

from testing.lifecycle import Lifecycle
from tests.functional.lifecycle.test_review_calls import calls_of
from tests.support.erasing import carry_out, erase, erase_wholly
from tests.support.item_histories import Told, expected_history, history_of


def retire(lifecycle: Any, *generation_ids: str) -> None:
    store = lifecycle.knowledge.stores.generations
    for each in generation_ids:
        store.retire_generation(store.get_generation(lifecycle.source_id, each), lifecycle.clock())


def publish(lifecycle: Any, *removals: str, **contents: str) -> str:
    lifecycle.push(*removals, **contents)
    made: str = lifecycle.publish().generation_id
    return made


def page_of(lifecycle: Any, name: str, limit: int, position: Any = None) -> Any:
    return lifecycle.knowledge.histories.list_history(lifecycle.source, name, limit=limit, position=position)


def test_item_is_told_from_its_coming_to_its_end(lifecycle: Any) -> None:
    publish(lifecycle, b="other")
    added = publish(lifecycle, a="one")
    publish(lifecycle, b="another")
    updated = publish(lifecycle, a="two")
    removed = publish(lifecycle, "a")
    publish(lifecycle, b="third")
    lifecycle.restore("a")
    restored = publish(lifecycle)
    again = publish(lifecycle, "a")
    lifecycle.clock.advance(days=8)
    gone = publish(lifecycle)
    expected = [(gone, "tombstoned"), (again, "removed"), (restored, "restored"), (removed, "removed")]
    expected += [(updated, "updated"), (added, "added")]
    for limit in (1, 2, 3, 100):
        assert history_of(lifecycle, "a", limit) == Told(expected, earlier=False, erased_at=None)
    entries = page_of(lifecycle, "a", 100)[0].items
    assert entries[-2].change.fields == ("content",)
    assert entries[-2].change.previous_content_hash == entries[-1].change.content_hash
    assert (entries[0].change.title, entries[1].change.removed_at is None) == ("Title of a", False)


def test_what_was_never_served_has_none_even_where_nothing_is(lifecycle: Any) -> None:
    empty = Told([], earlier=False, erased_at=None)
    assert history_of(lifecycle, "a") == empty
    publish(lifecycle, b="one")
    publish(lifecycle, b="two")
    # Staged and never published.
    lifecycle.push(a="one")
    assert history_of(lifecycle, "a") == history_of(lifecycle, "never") == empty


def test_compaction_erasure_of_others_and_restore_of_the_same_are_no_changes(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle = lean_lifecycle
    monkeypatch.setattr(scattered, "SMALL_OBJECTS", 2)
    first = publish(lifecycle, a="one", b="one", c="one")
    publish(lifecycle, b="two")
    lifecycle.clock.advance(days=2)
    assert lifecycle.knowledge.upkeep.compactor.compact_source(lifecycle.source) is not None
    publish(lifecycle, b="three")
    erase_wholly(lifecycle, "c")
    assert lifecycle.current.origin == "erasure"
    lifecycle.roll_back(first)
    assert history_of(lifecycle, "a") == Told([(first, "added")], earlier=False, erased_at=None)
    kinds = ["updated", "updated", "updated", "added"]
    assert [kind for _, kind in history_of(lifecycle, "b").changes] == kinds
    for name in "abc":
        assert history_of(lifecycle, name, 2) == expected_history(lifecycle, name)


def test_restore_tells_what_it_brought_back_and_took(lifecycle: Any) -> None:
    first = publish(lifecycle, a="one")
    second = publish(lifecycle, a="two", b="new")
    back = lifecycle.roll_back(first).generation_id
    forth = lifecycle.roll_back(second).generation_id
    assert history_of(lifecycle, "b").changes == [(forth, "added"), (back, "tombstoned"), (second, "added")]
    changes = [(forth, "updated"), (back, "updated"), (second, "updated"), (first, "added")]
    assert history_of(lifecycle, "a").changes == changes


def test_what_was_served_before_what_is_kept_is_said_at_the_end(lifecycle: Any) -> None:
    made = [publish(lifecycle, a="one")]
    made += [publish(lifecycle, b=f"{number}") for number in range(4)]
    assert history_of(lifecycle, "a", 2).changes == [(made[0], "added")]
    retire(lifecycle, made[0])
    assert history_of(lifecycle, "a", 2) == Told([], earlier=True, erased_at=None)
    updates = [(each, "updated") for each in made[4:1:-1]]
    assert history_of(lifecycle, "b", 2) == Told(updates, earlier=True, erased_at=None)
    retire(lifecycle, made[1])
    for limit in (1, 2, 3, 100):
        assert history_of(lifecycle, "b", limit) == Told(updates[:2], earlier=True, erased_at=None)
    assert history_of(lifecycle, "never", 1) == Told([], earlier=False, erased_at=None)


def test_list_ends_above_what_is_retired_between_pages_and_is_refused_where_it_would_go_on(lifecycle: Any) -> None:
    made = [publish(lifecycle, a=f"{number}") for number in range(6)]
    page, *_ = page_of(lifecycle, "a", 2)
    publish(lifecycle, a="later")
    retire(lifecycle, *made[:3])
    rest, earlier, _ = page_of(lifecycle, "a", 2, page.next_position)
    assert [each.generation.generation_id for each in (*page.items, *rest.items)] == [made[5], made[4]]
    assert (earlier, rest.next_position) == (True, None)
    retire(lifecycle, made[3])
    with pytest.raises(StaleListError):
        page_of(lifecycle, "a", 2, page.next_position)
    with pytest.raises(InvalidPositionError):
        page_of(lifecycle, "a", 2, ["x"])


def test_what_is_collected_while_a_page_is_read_is_read_once_more(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    made = [publish(lifecycle, a=f"{number}") for number in range(4)]
    manifest = lifecycle.knowledge.generations.get_generation(lifecycle.source, made[0]).manifest
    open_index = type(lifecycle.knowledge.stores.index).open_index
    with pytest.MonkeyPatch.context() as patched:

        def meddled(store: Any, ref: Any) -> Any:
            if ref == manifest and ref.key in lifecycle.bucket.objects:
                retire(lifecycle, made[0])
                del lifecycle.bucket.objects[ref.key]
            return open_index(store, ref)

        patched.setattr(type(lifecycle.knowledge.stores.index), "open_index", meddled)
        told = history_of(lifecycle, "a")
    assert told == Told([(made[3], "updated"), (made[2], "updated")], earlier=True, erased_at=None)


# Erasures


def test_erasure_ends_a_history_whether_older_generations_were_written_anew_or_not(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    publish(lifecycle, a="one", b="one")
    publish(lifecycle, a="two")
    lifecycle.clock.advance(days=1)
    asked = lifecycle.clock()
    erasure = erase(lifecycle, "a")
    ended = Told([], earlier=False, erased_at=asked)
    assert history_of(lifecycle, "a") == history_of(lifecycle, "a", 1) == ended
    lifecycle.clock.advance(days=1)
    back = publish(lifecycle, a="anew")
    pushed = Told([(back, "added")], earlier=False, erased_at=asked)
    assert history_of(lifecycle, "a") == pushed
    carry_out(lifecycle, erasure.erasure_id)
    assert history_of(lifecycle, "a") == history_of(lifecycle, "a", 1) == pushed
    assert len(history_of(lifecycle, "b").changes) == 1
    # Once everything from before is retired, nothing tells of it any more.
    kept = lifecycle.knowledge.stores.generations.list_kept(lifecycle.source_id)
    retire(lifecycle, *[each.generation_id for each in kept if each.generation_id != back])
    assert history_of(lifecycle, "a") == Told([], earlier=True, erased_at=None)


def test_erasure_of_what_is_not_served_ends_a_history_too(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    publish(lifecycle, a="one", b="one")
    publish(lifecycle, "a")
    lifecycle.clock.advance(days=8)
    gone = publish(lifecycle)
    assert history_of(lifecycle, "a").changes[0] == (gone, "tombstoned")
    asked = lifecycle.clock()
    erasure = erase(lifecycle, "a")
    assert lifecycle.current.generation_id == gone, "nothing had to be published"
    assert history_of(lifecycle, "a") == Told([], earlier=False, erased_at=asked)
    carry_out(lifecycle, erasure.erasure_id)
    assert history_of(lifecycle, "a") == Told([], earlier=False, erased_at=asked)


def test_erasure_between_two_pages_ends_the_list_there(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    for number in range(6):
        publish(lifecycle, a=f"{number}", b=f"{number}")
    begun = {name: page_of(lifecycle, name, 2)[0] for name in "ab"}
    asked = lifecycle.clock()
    erasure = erase(lifecycle, "a")
    for _ in range(2):
        page, earlier, erased_at = page_of(lifecycle, "a", 2, begun["a"].next_position)
        assert (page.items, page.next_position, earlier, erased_at) == ([], None, False, asked)
        page, _, erased_at = page_of(lifecycle, "b", 2, begun["b"].next_position)
        assert ([each.change.kind for each in page.items], erased_at) == (["updated"] * 2, None)
        carry_out(lifecycle, erasure.erasure_id)


def test_many_erasures_are_looked_at_some_a_page(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "ERASURES_A_LOOK", 2)
    monkeypatch.setattr(lookup, "_AT_ONCE", 1)
    lifecycle = lean_lifecycle
    first = publish(lifecycle, a="one", z="one")
    asked = lifecycle.clock()
    lifecycle.clock.advance(seconds=1)
    erase_wholly(lifecycle, "z")
    for number in range(5):
        lifecycle.clock.advance(seconds=1)
        erase_wholly(lifecycle, f"never-{number}")
    assert history_of(lifecycle, "z") == Told([], earlier=False, erased_at=asked + 1_000)
    assert history_of(lifecycle, "a").changes == [(first, "added")]
    begun = page_of(lifecycle, "a", 100)[0]
    assert (begun.items, begun.next_position is None) == ([], False)
    for number in range(3):
        erase_wholly(lifecycle, f"later-{number}")
    with pytest.raises(StaleListError):
        page_of(lifecycle, "a", 100, begun.next_position)


# Everything together


def test_histories_are_what_the_generations_serve(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With leaves of two items, so that they split and merge, and with removals in grace."""
    lifecycle, dice = lean_lifecycle, random.Random(5)
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 2)
    monkeypatch.setattr(scattered, "SMALL_OBJECTS", 2)
    names = [f"item-{number}" for number in range(14)]
    for step in range(24):
        what = dice.choice(("push",) * 6 + ("remove",) * 2 + ("restore", "compact", "erase", "retire", "time"))
        kept = lifecycle.knowledge.stores.generations.list_kept(lifecycle.source_id)
        if what == "remove":
            lifecycle.push(*dice.sample(names, 3))
        elif what == "restore" and kept:
            lifecycle.roll_back(dice.choice(kept).generation_id)
        elif what == "compact" and kept:
            lifecycle.knowledge.upkeep.compactor.compact_source(lifecycle.source)
        elif what == "erase":
            erasure = erase(lifecycle, *dice.sample(names, 2))
            carry_out(lifecycle, erasure.erasure_id)
        elif what == "retire" and len(kept) > 6:
            retire(lifecycle, kept[-1].generation_id)
        elif what == "time":
            lifecycle.clock.advance(days=4)
        lifecycle.push_many(dict.fromkeys(dice.sample(names, dice.choice((1, 3))), f"{step}"))
        lifecycle.publish()
    for number, name in enumerate(names):
        assert history_of(lifecycle, name, (1, 7, 100)[number % 3]) == expected_history(lifecycle, name)


# Cost


@pytest.mark.parametrize(("items", "expected"), [(20, (8, 8, 8)), (1_000, (3, 9, 3))])
def test_generations_that_left_the_way_to_an_item_alone_are_not_read(
    lifecycle: Lifecycle, items: int, expected: tuple[int, int, int]
) -> None:
    """Of 8 generations: of an item that came with the first, of one that each changed, and of none.

    20 items are one leaf, which each generation writes, and one read brings all of a generation. Among 1 000 the last
    index is read, and the leaf, which lies in another object; and what says where that lies.
    """
    names = [f"item-{number}" for number in range(items)]
    for start in range(0, items, 500):
        lifecycle.push_many(dict.fromkeys(names[start : start + 500], "text"))
    lifecycle.publish()
    for number in range(7):
        lifecycle.push_many({names[1]: f"{number}"})
        lifecycle.publish()
    histories, source = lifecycle.knowledge.histories, lifecycle.source

    def read(name: str) -> int:
        return calls_of(lifecycle, lambda: histories.list_history(source, name, limit=100, position=None))

    assert [len(history_of(lifecycle, name).changes) for name in (names[3], names[1], "never")] == [1, 8, 0]
    assert tuple(map(read, (names[3], names[1], "never"))) == expected
