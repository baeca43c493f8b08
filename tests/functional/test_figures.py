"""The counted figures of the design, by the benchmarks themselves at their smallest size: counts repeat exactly."""

from __future__ import annotations

from types import ModuleType

import pytest

from benchmarks import diff, imports, publish, staging
from benchmarks.findings import Figure, parser
from benchmarks.publish import Published

# More than this over a figure is a failure.
TOLERANCE = 1.1


@pytest.mark.usefixtures("dynoxide_server")
@pytest.mark.parametrize("benchmark", [staging, publish, imports, diff], ids=lambda module: module.__name__)
def test_counted_figures_hold(benchmark: ModuleType) -> None:
    found = benchmark.measure(parser("").parse_args(["--size", "small"]))
    counted = [figure for figure in found.figures if figure.counted]
    assert counted
    assert [figure.row for figure in counted if figure.share > TOLERANCE] == []


def test_figure_is_held_against_its_bound() -> None:
    assert Figure("calls", 25, 24, "calls").row == ["calls", "<= 25 calls", "24 calls", "met, by 4 %"]
    assert Figure("calls", 25, 30).verdict == "MISSED, by 20 %"
    assert Figure("items", 50_000, 60_000, "items/s", at_least=True).verdict == "met, by 20 %"
    assert Figure("items", 50_000, 40_000, at_least=True).share == 1.25
    assert Figure("a million items", None, 2.856, "dollars").row == ["a million items", "", "2.86 dollars", "stated"]
    assert (Figure("writes", 0, 0).share, Figure("writes", 0, 1).share) == (0.0, float("inf"))


def test_published_changes_are_judged_by_size_and_by_change() -> None:
    small = _published(10_000, calls=25, database_calls=11, objects_written=4, groups=0)
    large = _published(100_000, calls=26, database_calls=13, objects_written=6, groups=0)
    assert [figure.what for figure in publish.judged([small]) if figure.share > 1] == []
    assert [(figure.bound, figure.reached) for figure in publish.judged([small, large]) if figure.share > 1] == [
        (25, 26),
        (1.1, 13 / 11),
        (5, 6),
    ]


def _published(items: int, *, calls: int, database_calls: int, objects_written: int, groups: int) -> Published:
    return Published(
        items=items,
        changes=1,
        calls=calls,
        database_calls=database_calls,
        read_units=5.0,
        write_units=25.0,
        objects_read=3,
        objects_written=objects_written,
        bytes_sent=1,
        bytes_received=1,
        cpu_seconds=0.1,
        leaves=16,
        groups=groups,
    )
