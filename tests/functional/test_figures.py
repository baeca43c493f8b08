"""The counted figures of the design, by the benchmarks themselves at their smallest size: counts repeat exactly."""

from __future__ import annotations

import gc
import platform
import time
from dataclasses import replace
from types import ModuleType

import pytest

from benchmarks import aged, diff, edge, imports, publish, staging
from benchmarks.cost import __main__ as cost
from benchmarks.findings import Figure, Findings, parser
from benchmarks.publish import Published
from tests.support.benchmark_report import read_sections, section_of
from tests.support.sizes import sized

# More than this over a figure is a failure.
TOLERANCE = 1.1
CALLS = ("diff: function calls", "diff with segments: function calls")
# What these find at the smallest size has no like in the report.
# A month takes as long as all others together.
MEASURED = [staging, publish, imports, diff, edge, *sized([], [aged])]
OTHER_SIZES = ("imports", "aged")
# The columns that say what a row is of, and those that repeat exactly; bytes depend on ids and on the time.
NAMES = ("what", "items", "changes", "publications", "a thousand lines", "lines")
EXACT = ("transactions", "calls", "rows", "write units", "read units", "put", "got", "DynamoDB", "objects read")
EXACT += ("written", "leaves", "indexes named", "objects named")


@pytest.mark.long
@pytest.mark.usefixtures("dynoxide_server")
@pytest.mark.parametrize("benchmark", MEASURED, ids=lambda module: module.__name__)
def test_counted_figures_hold(benchmark: ModuleType) -> None:
    found = benchmark.measure(parser("").parse_args(["--size", "small"]))
    counted = [figure for figure in found.figures if figure.counted]
    assert counted
    assert [figure.row for figure in counted if figure.share > TOLERANCE] == []
    assert differences(found, benchmark.__name__.rpartition(".")[2]) == [], "bring benchmarks/report.md up to date"


@pytest.mark.long
@pytest.mark.usefixtures("dynoxide_server")
def test_bill_is_made_of_every_way_that_the_report_tells() -> None:
    found = cost.measure(parser("").parse_args(["--size", "small"]))
    stated = [row["figure"] for row in read_sections()[0].rows]
    assert found.figures
    assert [figure.what for figure in found.figures if figure.what not in stated] == []
    assert all(figure.reached > 0 for figure in found.figures)


def differences(found: Findings, benchmark: str) -> list[tuple[str, str, str]]:
    """List what benchmarks/report.md tells otherwise: of its rows and figures those that are of no other size."""
    section, figures = section_of(benchmark), read_sections()[0].rows
    assert section.title == found.title
    written = {row["figure"]: row["reached"] for row in figures}
    pairs = [
        (figure.what, figure.row[2], written[figure.what])
        for figure in found.figures
        if figure.counted and figure.what in written and repeats_exactly(figure)
    ]
    assert pairs or benchmark in OTHER_SIZES
    known = {tuple(row[head] for head in NAMES if head in row): row for row in section.rows}
    for cells in found.tables[0].rows:
        row = dict(zip(found.tables[0].heads, cells, strict=True))
        named = tuple(row[head] for head in NAMES if head in row)
        told = known.get(named, {})
        pairs += [(f"{named}: {head}", row[head], told[head]) for head in EXACT if head in row and head in told]
    return [pair for pair in pairs if pair[1] != pair[2]]


def repeats_exactly(figure: Figure) -> bool:
    """Tell whether a figure must be the report's own."""
    return "bytes" not in figure.what and (figure.what not in CALLS or same_python())


def same_python() -> bool:
    """Tell whether the report was made on this version of Python; each calls other functions of its own."""
    (version,) = (row["is"] for row in read_sections()[1].rows if row["what"] == "Python")
    return version.split(".")[:2] == platform.python_version().split(".")[:2]


def test_counted_calls_do_not_depend_on_what_the_process_did_before() -> None:
    """Others' garbage is collected at any time, and Hypothesis times each collection."""

    def collecting(*_: object) -> None:
        collected.append(time.perf_counter())

    collected: list[float] = []
    counted = [_calls_of_a_small_world() for _ in range(2)][1]
    thresholds = gc.get_threshold()
    gc.callbacks.append(collecting)
    gc.set_threshold(100)
    try:
        again = _calls_of_a_small_world()
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(collecting)
    assert len(collected) > 2, "making the world collects"
    assert again == pytest.approx(counted, rel=1e-3)


def _calls_of_a_small_world() -> float:
    return diff.calls_an_item(diff.World(1_000, published=True, searched=True))


def test_figure_is_held_against_its_bound() -> None:
    assert Figure("calls", 25, 24, "calls").row == ["calls", "<= 25 calls", "24 calls", "met, by 4 %"]
    assert Figure("calls", 25, 30).verdict == "MISSED, by 20 %"
    assert Figure("items", 50_000, 60_000, "items/s", at_least=True).verdict == "met, by 20 %"
    assert Figure("items", 50_000, 40_000, at_least=True).share == 1.25
    assert Figure("a million items", None, 2.868, "dollars").row == ["a million items", "", "2.87 dollars", "stated"]
    assert Figure("items", 50_000, 49_870, at_least=True).verdict == "MISSED, by less than 1 %"
    assert Figure("objects", 260, 260).verdict == "met, exactly"
    assert (Figure("writes", 0, 0).share, Figure("writes", 0, 1).share) == (0.0, float("inf"))


def test_published_changes_are_judged_by_size_and_by_change() -> None:
    small = _published(10_000, calls=99, database_calls=11, objects_written=3, bytes_sent=99_000)
    large = _published(100_000, calls=24, database_calls=13, objects_written=5, bytes_sent=22_000)
    assert [figure.what for figure in publish.judged([small]) if figure.share > 1] == []
    assert [(figure.bound, figure.reached) for figure in publish.judged([small, large]) if figure.share > 1] == [
        (23, 24),
        (1.1, 13 / 11),
        (4, 5),
    ]


def test_bytes_received_are_judged_where_there_is_a_bound() -> None:
    run = replace(_published(1_000_000, calls=1_000, database_calls=118, objects_written=3), changes=10_000)
    received = replace(run, bytes_received=80_000_001)
    assert [figure.what for figure in publish.judged([run, received]) if figure.share > 1] == [
        "run + apply of 10,000 in 1,000,000: bytes received"
    ]


def test_month_is_judged_by_the_bytes_of_its_index_where_the_source_is_as_large_as_the_bound_says() -> None:
    found = aged.Aged(items=100_000, days=15, index_bytes=350_000_001, most_indexes=161, calls=dict(aged.GOALS))
    assert [(figure.bound, figure.reached) for figure in aged.judged(found) if figure.share > 1] == [
        (160, 161),
        (700_000_000, 700_000_002),
    ]
    small = replace(found, items=5_000, most_indexes=160, calls={"page of a run's changes": 5})
    assert [figure.what for figure in aged.judged(small) if figure.share > 1] == [
        "5,000 items after 15 days: page of a run's changes"
    ]


def _published(items: int, *, calls: int, database_calls: int, objects_written: int, bytes_sent: int = 1) -> Published:
    return Published(
        items=items,
        changes=1,
        calls=calls,
        database_calls=database_calls,
        read_units=5.0,
        write_units=25.0,
        objects_read=3,
        objects_written=objects_written,
        bytes_sent=bytes_sent,
        bytes_received=1,
        cpu_seconds=0.1,
        leaves=16,
    )
