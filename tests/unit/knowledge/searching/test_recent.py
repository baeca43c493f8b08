from __future__ import annotations

from knowledge.searching.recent import Recent


def test_what_was_not_used_for_longest_goes_first() -> None:
    gone: list[str] = []
    recent: Recent[str, int] = Recent(10, lambda key, value: gone.append(f"{key}{value}"))
    recent.put("a", 1, 4)
    recent.put("b", 2, 4)
    assert recent.get("a") == 1
    recent.put("c", 3, 4)
    assert (gone, list(recent), recent.weight) == (["b2"], ["a", "c"], 8)
    recent.put("a", 9, 1)
    assert (gone, list(recent), recent.weight, recent.get("b")) == (["b2"], ["c", "a"], 5, None)


def test_the_newest_stays_however_large_it_is() -> None:
    recent: Recent[str, int] = Recent(10)
    recent.put("a", 1, 4)
    recent.put("b", 2, 40)
    assert (list(recent), recent.weight) == (["b"], 40)
    recent.put("c", 3, 1)
    assert (list(recent), recent.weight) == (["c"], 1)


def test_removed_is_dropped_once() -> None:
    gone: list[str] = []
    recent: Recent[str, int] = Recent(10, lambda key, _: gone.append(key))
    recent.put("a", 1, 4)
    recent.remove("a")
    recent.remove("a")
    assert (gone, recent.weight, len(recent)) == (["a"], 0, 0)
