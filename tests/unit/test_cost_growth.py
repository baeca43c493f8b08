"""The cost model: what samples come to at a million is right."""

from __future__ import annotations

import pytest
from knowledge.runs.parts import CHANGES_PER_PART

from benchmarks.cost.growth import Sample, published
from benchmarks.cost.prices import MILLION, PRICES, Bill, carried_on


def test_carries_on_what_is_constant_and_what_grows() -> None:
    bill = carried_on(Bill({"writes": 30 + 100}), Bill({"writes": 30 + 200}), 100, 200, MILLION)
    assert bill["writes"] == pytest.approx(30 + MILLION)


def test_estimate_never_falls_below_nothing() -> None:
    assert carried_on(Bill({"gb_seconds": 2}), Bill({"gb_seconds": 1}), 100, 200, MILLION)["gb_seconds"] == 0


def test_every_further_part_of_the_changes_adds_what_one_takes() -> None:
    small, large = (Sample(count, Bill(), Bill({"reads": count}), Bill({"writes": 9})) for count in (100, 200))
    part = Bill({"puts": 4}), Bill({"gets": 2})
    further = MILLION // CHANGES_PER_PART - 1
    run, apply = published(small, large, MILLION, 1, part)
    assert (run["reads"], run["puts"], apply["writes"], apply["gets"]) == (MILLION, 4 * further, 9, 2 * further)
    run, apply = published(small, large, MILLION, MILLION // CHANGES_PER_PART, part)
    assert (run["puts"], apply["gets"]) == (0, 0)


def test_bill_is_paid_for_what_has_a_price() -> None:
    bill = Bill({"writes": MILLION, "edge_writes": MILLION}) + Bill({"requests": 2 * MILLION})
    assert bill.dollars() == pytest.approx(0.625 + 7.0)
    assert bill.dollars("writes") == PRICES["writes"].dollars
