"""The cost model as tables: all ways side by side in dollars, and each in parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.cost.prices import PAGES, PRICES, STORAGE, Bill
from benchmarks.findings import Figure, Findings, Table

TITLE = "Cost"
INTRO = (
    "Counted on the real handlers and tasks, on Dynoxide and moto, at list prices (us-east-1, on demand, arm64, no "
    "free tier). A part that is marked * has a price that is from memory, unverified. GB-seconds are an estimate: the "
    "processor time that the code takes on this machine at the share of a processor that the function's memory brings, "
    "and a wait for each call (5 ms for DynamoDB, 25 ms for others) as if no two were under way together. Left out are "
    "what the platform itself logs, traces, alarms, cold starts, polling of queues, and requests of clients that ask "
    "how far a long run has come."
)
# The columns of the summary: what they are called, and the amounts that they sum up.
_GROUPS = {
    "writes": ("writes",),
    "reads": ("reads",),
    "S3": ("puts", "gets"),
    "gateway": ("requests",),
    "functions": ("invocations", "gb_seconds"),
    "machines": ("executions", "express_gb_seconds", "transitions"),
    "logs, out, rest": ("messages", "seals", "log_gb", "out_gb"),
}


@dataclass(frozen=True)
class Way:
    """A way of using the API: the bill of each of its steps."""

    name: str
    steps: dict[str, Bill]
    note: str = ""

    @property
    def bill(self) -> Bill:
        """All steps together."""
        return sum(self.steps.values(), Bill())


def report(ways: list[Way]) -> Findings:
    """Make the tables; the first is of what the design asks for, a million items in batches, per part."""
    dollars = {part: bill.dollars() for part, bill in {**ways[0].steps, "published": ways[0].bill}.items()}
    return Findings(
        TITLE,
        INTRO,
        stated(ways[0].name, dollars),
        tables=[*_parts(ways[0]), _summary(ways), *_prices(), *_rest(ways[1:])],
    )


def stated(way: str, dollars: Mapping[str, float]) -> list[Figure]:
    """State what the parts of a way cost; the design sets no bound."""
    return [Figure(f"{way}, {part}", None, each, "dollars", counted=False) for part, each in dollars.items()]


def _rest(ways: list[Way]) -> list[Table]:
    return [table for way in ways for table in _parts(way)]


def _summary(ways: list[Way]) -> Table:
    heads = ["dollars", *_GROUPS, "together"]
    rows = [
        [way.name, *(_dollars(way.bill.dollars(*names)) for names in _GROUPS.values()), _dollars(way.bill.dollars())]
        for way in ways
    ]
    return Table(heads, rows, "What it costs, in dollars")


def _parts(way: Way) -> list[Table]:
    heads = ["part", *way.steps, *(["together"] if len(way.steps) > 1 else []), "dollars"]
    bills = [*way.steps.values(), *([way.bill] if len(way.steps) > 1 else [])]
    rows = [
        [_named(name), *(_amount(bill[name]) for bill in bills), _dollars(way.bill.dollars(name))]
        for name in PRICES
        if round(way.bill[name], 6)
    ]
    for name, what in (("edge_writes", "write"), ("edge_reads", "read")):
        if way.bill[name]:
            shown = [_amount(bill[name]) for bill in bills]
            rows.append(
                [f"of which the edge's own {what} units", *shown, _dollars(PRICES[f"{what}s"].of(way.bill[name]))]
            )
    totals = [_dollars(bill.dollars()) for bill in bills]
    rows.append(["dollars", *totals, totals[-1]])
    return [Table(heads, rows, f"Cost of {way.name}", way.note)]


def _prices() -> list[Table]:
    rows = [
        [
            price.what,
            f"{price.dollars:g}",
            f"{price.each:,}",
            PAGES.format(price.page),
            "yes" if price.checked else "no *",
        ]
        for price in (*PRICES.values(), *STORAGE.values())
    ]
    return [Table(["price", "dollars", "for", "page", "verified"], rows, "Prices (us-east-1, November 2026)")]


def _named(name: str) -> str:
    price = PRICES[name]
    return price.what if price.checked else f"{price.what} *"


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2g}"


def _dollars(value: float) -> str:
    return f"{value:,.2f}" if value >= 0.995 else f"{value:.4f}" if value >= 0.00005 else "0"
