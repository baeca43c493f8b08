"""The counted figures of search, by its benchmark at its smallest size. Its collections are not here."""

from __future__ import annotations

import pytest

from benchmarks.findings import Table
from benchmarks.public_collections import VARIABLE, collections_parser
from benchmarks.search import __main__ as search
from benchmarks.search import asking
from benchmarks.search.relevance import ndcg
from tests.support.benchmark_report import section_of

# What repeats exactly. How many objects warm searches read depends on how many there are, which is not the report's.
EXACT = {
    asking.COLD: ("segments", "DynamoDB", "read units", "write units", "S3 GETs", "calls"),
    asking.WARM: ("segments", "DynamoDB", "read units", "write units"),
}


@pytest.mark.long
@pytest.mark.usefixtures("dynoxide_server")
def test_counted_figures_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    found = search.measure(collections_parser("").parse_args(["--size", "small"]))
    counted = [figure for figure in found.figures if figure.counted]
    assert len(counted) == 7
    assert [figure.row for figure in counted if figure.share > 1] == []
    assert "relevance is left out" in capsys.readouterr().err
    (calls,) = (table for table in found.tables if table.title == asking.CALLS_TITLE)
    assert exact(rows_of(calls)) == exact(told_of(calls)), "bring benchmarks/report.md up to date"


def rows_of(table: Table) -> list[dict[str, str]]:
    return [dict(zip(table.heads, row, strict=True)) for row in table.rows]


def told_of(table: Table) -> list[dict[str, str]]:
    """The report's rows of the same items."""
    items = {row["items"] for row in rows_of(table)}
    return [row for row in section_of("search").tables[table.title] if row["items"] in items]


def exact(rows: list[dict[str, str]]) -> list[list[str]]:
    assert rows
    return [[row[head] for head in EXACT[row["search"]]] for row in rows]


def test_cold_bytes_are_judged_in_larger_sources_and_a_price_in_all() -> None:
    figures = asking.judged({1_000: 0.9, 10_000: 0.5}, {1_000: 13.0})
    assert [(figure.bound, figure.reached, figure.counted) for figure in figures] == [
        (None, 0.9, True),
        (0.4, 0.5, True),
        (12, 13.0, False),
    ]


def test_gain_is_discounted_and_normalized() -> None:
    gains = {"a": 3, "b": 1}
    assert ndcg(["a", "b"], gains) == 1
    assert ndcg(["x", "a"], gains) < ndcg(["b", "a"], gains) < 1
    assert ndcg(["x"] * 10 + ["a"], gains) == 0
