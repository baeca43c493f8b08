"""docs/scale.md and the report against the simulation, and that against what was measured and what is deployed."""

from __future__ import annotations

import importlib
import re
from argparse import Namespace

import pytest
from webhooks.deliveries.schedule import SWEEP_MS
from webhooks.deliveries.slots import SLOTS

from benchmarks.findings import Table
from benchmarks.scale import deliveries, nightly, rounds
from benchmarks.scale import parameters as given
from local.template import ROOT
from tests.support.benchmark_report import number, read_sections, section_of

CELLS = [parameter for parameter in given.PARAMETERS if parameter.cell]
PAGE = ROOT / "docs" / "scale.md"


def rows_of(table: Table) -> list[dict[str, str]]:
    return [dict(zip(table.heads, cells, strict=True)) for cells in table.rows]


@pytest.mark.parametrize("parameter", CELLS, ids=lambda parameter: parameter.what)
def test_parameters_are_as_they_were_measured(parameter: given.Parameter) -> None:
    cell = parameter.cell
    assert cell is not None
    rows = [row for table in section_of(cell.benchmark).tables.values() for row in table]
    found = [row[cell.column] for row in rows if cell.column in row and cell.row.items() <= row.items()]
    assert [number(shown) for shown in found] == [parameter.value]


def test_parameters_are_as_they_are_deployed() -> None:
    template = (ROOT / "template.yaml").read_text("utf-8")
    sender = template.partition("  DeliverWebhookFunction:")[2]
    concurrency = template.partition("  WebhookConcurrency:")[2]
    assert re.search(r"Default: (\d+)", concurrency)[1] == str(given.SENDERS.value)  # type: ignore[index]
    assert re.search(r"BatchSize: (\d+)", sender)[1] == str(given.BATCH.value)  # type: ignore[index]
    assert (given.TENANT_POSTS.value, given.SWEEP_SECONDS.value) == (SLOTS, SWEEP_MS / 1000)


def test_report_and_page_tell_what_is_simulated() -> None:
    found = importlib.import_module("benchmarks.scale.__main__").measure(Namespace())
    told = section_of("scale").tables
    assert told == {table.title: rows_of(table) for table in found.tables}, "bring benchmarks/report.md up to date"
    shown = {title: rows for section in read_sections(PAGE) for title, rows in section.tables.items() if title in told}
    assert shown == {title: told[title] for title in list(told)[:3]}, "bring docs/scale.md up to date"


def test_an_import_that_finds_no_execution_fails_after_its_last_try() -> None:
    night = nightly.simulate(nightly.Scenario("none", 1, slots=0, tenants=3))
    assert (night.failed, night.waits, night.refused) == (3, [], 3 * 9)


def test_nobody_reads_faster_than_the_table() -> None:
    night = nightly.simulate(nightly.Scenario("narrow", 0, reads=1_082, tenants=10))
    assert night.ended >= given.ITEMS.value / given.TENANTS.value * 10 / 1_000


def test_more_workers_never_take_longer() -> None:
    hours = [rounds.simulate(3_000, workers).hours for workers in (1, 2, 10)]
    assert hours == sorted(hours, reverse=True)


def test_a_flood_has_no_more_posts_at_once_than_a_tenant_may() -> None:
    sent = deliveries.simulate(deliveries.Scenario("flood", 1, events=1, flood=100))
    assert sent.ended >= 100 * given.SLOW_POST.value / given.TENANT_POSTS.value


def test_what_the_page_says_in_words_follows_from_the_numbers() -> None:
    text = " ".join(PAGE.read_text("utf-8").split())
    imported = section_of("cost").tables["Cost of an import of 1 M new items, with its run and apply"]
    written = number(next(row["import"] for row in imported if row["part"] == "DynamoDB write units")) * 100
    a_source = given.LINES_PER_SECOND.value * given.READ_UNITS.value / 1_000
    night = given.ITEMS.value / 1_000 * given.READ_UNITS.value
    loading = number(section_of("imports").rows[0]["lines/s"])
    for said in (
        f"{given.TABLE_READS.value / a_source:.0f} imports at once take the 40 000 units",
        f"{night / 1e6:.0f} M units: {night / given.TABLE_READS.value / 60:.0f} minutes at the quota",
        f"{written / 1e6:.0f} M write units: {written / 4_000 / 3_600:.0f} hours at 4 000 a second",
        f"{written / 40_000 / 3_600:.1f} hours at 40 000",
        f"| dollars | {number(imported[-1]['import']) * 100:.0f} |",
        f"{given.ITEMS.value / 2_500 / 3_600:.0f} hours at 2 500 a second",
        f"{given.relay_seconds() * 1_000:.0f} ms an event",
        f"one invocation: {1 / given.relay_seconds():.0f} a second",
        f"{1e6 / loading / 60:.0f} minutes at {loading:.0f} lines a second",
        f"{1_000 * given.SLOW_POST.value / given.TENANT_POSTS.value / 60:.0f} minutes at least",
    ):
        assert said in text
