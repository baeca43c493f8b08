"""benchmarks/report.md against the code that makes it, as far as that goes without measuring anything.

Its figures must follow from its tables, by the functions that judge a measurement, with the goals that they have today.
What is counted is held to today's counts in `test_figures`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import aged, cold_start, diff, edge, imports, local_stack, publish, report, staging
from benchmarks.__main__ import BENCHMARKS, plots_of
from benchmarks.answers import __main__ as answers
from benchmarks.answers import collections, help_centre
from benchmarks.cost import report as cost
from benchmarks.findings import Figure, Findings, Plot
from benchmarks.peers.effort import Effort
from benchmarks.peers.verdict import BYTES_GOALS, NAMES, Cell, judged, objects_ratio
from benchmarks.publish import Published
from benchmarks.search import asking, effort, relevance, writing
from benchmarks.staging import Staged
from local.template import ROOT
from tests.support.benchmark_report import REPORT, number, read_sections, section_of
from tests.support.markdown_pages import Page

# What is measured, and stands only among the figures: a name's beginning leads to it.
FIGURES = {row["figure"]: row for row in read_sections()[0].rows}


def reached(beginning: str) -> float:
    (row,) = (row for what, row in FIGURES.items() if what.startswith(beginning))
    return number(row["reached"])


def staged() -> list[Figure]:
    rows = [Staged(*(int(number(cell)) for cell in list(row.values())[1:])) for row in section_of("staging").rows]
    return staging.judged(staging.SIZES["full"], *rows)


def published() -> list[Figure]:
    return publish.judged(
        [
            Published(
                items=int(number(row["items"])),
                changes=int(number(row["changes"])),
                calls=int(number(row["calls"])),
                database_calls=int(number(row["DynamoDB"])),
                read_units=number(row["read units"]),
                write_units=number(row["write units"]),
                objects_read=int(number(row["objects read"])),
                objects_written=int(number(row["written"])),
                bytes_sent=int(number(row["bytes sent"])),
                bytes_received=int(number(row["received"])),
                cpu_seconds=number(row["CPU ms"]) / 1000,
                leaves=int(number(row["leaves"])),
            )
            for row in section_of("publish").rows
        ]
    )


def compared() -> list[Figure]:
    rates = [number(row["items a second"]) for row in section_of("diff").rows]
    calls = [reached("diff: function calls"), reached("diff with segments: function calls")]
    return diff.judged(diff.SIZES["full"], rates[0], calls, rates[0] / rates[1])


def lived_through() -> list[Figure]:
    (written,), calls = section_of("aged").tables.values()
    columns = ("items", "days", "index bytes", "bytes of packs", "of changes", "indexes named", "objects named")
    counts = (int(number(written[column])) for column in columns)
    return aged.judged(aged.Aged(*counts, {row["what"]: int(number(row["calls"])) for row in calls}))


def requested() -> list[Figure]:
    times, routes = section_of("edge").tables.values()
    (pushing,) = (number(row["in sequence"]) for row in routes if row["operation"] == "push_item")
    return edge.judged(int(pushing), {row["processor time a request"]: number(row["ratio"]) for row in times})


def started() -> list[Figure]:
    rows = section_of("cold_start").rows
    assert {row["function"] for row in rows} == set(cold_start.functions())
    return cold_start.judged({row["function"]: number(row["ratio"]) for row in rows})


def paid() -> list[Figure]:
    title, rows = next(iter(section_of("cost").tables.items()))
    dollars = {part: number(cell) for part, cell in rows[-1].items() if part not in {"part", "dollars"}}
    dollars["published"] = dollars.pop("together")
    return cost.stated(title.removeprefix("Cost of "), dollars)


def imported() -> list[Figure]:
    rows = section_of("imports").rows
    lines = int(number(rows[0]["lines"]))
    labels = [row["a thousand lines"] for row in rows]
    assert labels == list(imports.BOUNDS)
    counts = {label: int(reached(f"import of {lines:,} lines, {label}")) for label in labels}
    return imports.judged(lines, counts, int(number(rows[-1]["memory MB"])) << 20)


def held_against_peers() -> list[Figure]:
    cells = [
        Cell(system, int(number(title)), int(number(row["rows changed"])), Effort(files_written=files), Effort())
        for title, rows in section_of("peers").tables.items()
        for row in rows
        if title.endswith(" rows")
        for system in NAMES
        if NAMES[system] == row["system"]
        for files in [int(number(row["objects written"]))]
    ]
    ratios = {
        (items, changes): reached(f"bytes of objects against Lance: {changes:,} of {items:,}")
        for items, changes in BYTES_GOALS
    }
    return judged(objects_ratio(cells), ratios)


def searched() -> list[Figure]:
    tables = section_of("search").tables
    figures = relevance.judged({row["collection"]: number(row["nDCG@10"]) for row in tables[relevance.TITLE]})
    figures += writing.judged_bytes(
        {int(number(row["items"])): number(row["bytes"]) for row in tables[writing.BYTES_TITLE]}
    )
    figures += writing.judged_lists(
        [
            writing.Lived(
                row["what"],
                int(number(row["publications"])),
                number(row["amplification"]),
                int(number(row["most segments"])),
                number(row["mean segments"]),
            )
            for row in tables[writing.LISTS_TITLE]
        ]
    )
    ratios = [
        (int(number(row["items"])), number(row["ratio to bm25s"]), number(row["ratio to FTS5"]))
        for row in tables[effort.TITLE]
    ]
    shares = {
        int(number(row["items"])): number(row["to the texts"])
        for row in tables[asking.CALLS_TITLE]
        if row["search"] == asking.COLD
    }
    dollars = {int(number(row["items"])): number(row["together"]) for row in tables[asking.PRICE_TITLE]}
    return figures + effort.stated(ratios) + asking.judged(shares, dollars)


def answered() -> list[Figure]:
    tables = section_of("answers").tables
    figures = answers.judged(
        {
            row["collection"]: (number(row["inside 3"]), number(row["kept at 90 %"]), number(row["verbatim"]))
            for row in tables[collections.TITLE]
        }
    )
    right, refused = (int(number(row["right"])) for row in tables[help_centre.TITLE])
    return figures + answers.judged_help_centre(right, refused)


def served() -> list[Figure]:
    return local_stack.judged({row[""]: number(row["p50 ms"]) for row in section_of("local_stack").rows})


def test_every_benchmark_has_its_section() -> None:
    sections = [(section.benchmark, section.size) for section in read_sections() if section.benchmark]
    assert sections == [(name, "full") for name in BENCHMARKS]


def test_says_how_it_is_made_and_links_to_no_picture() -> None:
    assert report.introduction("full", plots_of("full")) in REPORT.read_text("utf-8")
    assert Page(REPORT).links == []


def test_figures_follow_from_the_tables_with_the_goals_of_the_code() -> None:
    figures = [*staged(), *published(), *compared(), *lived_through(), *requested(), *started(), *paid(), *imported()]
    figures += [*held_against_peers(), *searched(), *answered(), *served()]
    assert [figure.row[:3] for figure in figures] == [list(row.values())[:3] for row in FIGURES.values()]
    # What is shown is rounded, and with it the percentage that a verdict ends in.
    verdicts = [figure.verdict.partition(",")[0] for figure in figures]
    assert verdicts == [row["verdict"].partition(",")[0] for row in FIGURES.values()]


def test_plots_are_drawn_apart_from_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # matplotlib is installed by `make bench` alone.
    drawn: list[Path] = []
    monkeypatch.setitem(sys.modules, "benchmarks.plots", SimpleNamespace(draw=lambda _, folder: drawn.append(folder)))
    found = Findings(
        "Staging", "A batch.", plots=[Plot("calls", "Calls", "items", "calls", {"one": [(1, 2), (10, 3)]})]
    )
    written = tmp_path / "deeper" / "report.md"
    report.write({"staging": found}, written, "small", tmp_path / "plots")
    assert (drawn, Page(written).links) == ([tmp_path / "plots"], [])


def test_costs_of_the_operations_page_are_those_of_the_report() -> None:
    (costs,) = (
        each for each in read_sections(ROOT / "docs" / "operations" / "pay.md") if each.title == "What it costs"
    )
    tables = section_of("cost").tables
    way = ""
    for row in costs.rows:
        step = row["what"].removeprefix("of that, the ")
        way = way if step != row["what"] else step
        told = tables[f"Cost of {way}"]
        # The way as a whole is told in the last column but one, which holds amounts as its steps' columns do.
        column = step if step != row["what"] else list(told[0])[-2]
        amounts = {each["part"].removesuffix(" *"): number(each[column]) for each in told}
        assert {what: row[head] for head, what in AMOUNTS.items()} == {
            what: f"{amounts.get(what, 0):,.0f}" for what in AMOUNTS.values()
        }, row["what"]
        shown = row["dollars"].strip("*")
        assert shown == f"{amounts['dollars']:.{len(shown.partition('.')[2])}f}", row["what"]


# The columns of that table, by the parts of the report.
AMOUNTS = {
    "write units": "DynamoDB write units",
    "read units": "DynamoDB read units",
    "S3 puts and lists": "S3 PUT and LIST requests",
    "S3 gets": "S3 GET and HEAD requests",
    "requests": "API Gateway requests (REST)",
}
