"""The cost model: what samples come to at a million is right, and the index that it foretells is the real one."""

from __future__ import annotations

import pytest
from knowledge.index.codec import groups_to_close
from knowledge.index.trie import Entry, LeafRef, Tree, path_of, update

from benchmarks.cost.growth import grown, index_objects
from benchmarks.cost.prices import MILLION, PRICES, Bill, carried_on


@pytest.mark.parametrize("count", [1, 1_024, 1_025, 20_000, 120_000])
def test_foretells_the_leaves_and_groups_that_a_publication_writes(count: int) -> None:
    entries = {name: Entry(name, "0" * 64, "", "", 0, 0, 0, None) for name in _names(count)}
    written = update(Tree(), entries, lambda _: {}).written
    tree = Tree({prefix: LeafRef(prefix, "", "", "", len(under), 0, None) for prefix, under in written.items()})
    assert index_objects(count) == len(tree.leaves) + len(groups_to_close(tree))


def test_foretells_those_that_some_changes_touch() -> None:
    leaves = update(
        Tree(), {name: Entry(name, "", "", "", 0, 0, 0, None) for name in _names(9_000)}, lambda _: {}
    ).written
    changed = {path_of(name) for name in _names(9_000)[::900]}
    touched = {prefix for prefix in leaves for path in changed if path.startswith(prefix)}
    assert index_objects(9_000, 900) == len(touched) < len(leaves)


def test_carries_on_what_is_constant_and_what_grows() -> None:
    bill = carried_on(Bill({"writes": 30 + 100}), Bill({"writes": 30 + 200}), 100, 200, MILLION)
    assert bill["writes"] == pytest.approx(30 + MILLION)


def test_estimate_never_falls_below_nothing() -> None:
    assert carried_on(Bill({"gb_seconds": 2}), Bill({"gb_seconds": 1}), 100, 200, MILLION)["gb_seconds"] == 0


def test_objects_of_the_index_follow_its_shape_and_not_the_count() -> None:
    sample = Bill({"puts": 2, "index_puts": 16, "index_gets": 32, "gb_seconds": 1})
    bill = grown(sample, sample, 2_000, 4_000, 120_000, gb_seconds_an_object=0.1)
    factor = index_objects(120_000) / 16
    assert (bill["puts"], bill["gets"]) == (2 + 16 * factor, 32 * factor)
    assert bill["gb_seconds"] == pytest.approx(1 + 0.1 * (factor - 1) * 48)


def test_sample_that_wrote_another_index_is_an_error() -> None:
    sample = Bill({"index_puts": 15})
    with pytest.raises(RuntimeError, match="15 leaves and groups written, 16 expected"):
        grown(sample, sample, 2_000, 4_000, MILLION)


def test_bill_is_paid_for_what_has_a_price() -> None:
    bill = Bill({"writes": MILLION, "edge_writes": MILLION}) + Bill({"requests": 2 * MILLION})
    assert bill.dollars() == pytest.approx(0.625 + 7.0)
    assert bill.dollars("writes") == PRICES["writes"].dollars


def _names(count: int) -> list[str]:
    return [f"doc-{number:07d}" for number in range(count)]
