"""What the simulation reckons with, each number with where it is from: change it here, and only here.

Those with a cell are read in benchmarks/report.md, and a test holds them to it.
"""

from __future__ import annotations

from typing import NamedTuple


class Cell(NamedTuple):
    """A place in benchmarks/report.md: the benchmark's section, values that find the row, and the column."""

    benchmark: str
    row: dict[str, str]
    column: str


class Parameter(NamedTuple):
    """A number that the simulation rests on."""

    what: str
    value: float
    source: str
    cell: Cell | None = None


_UNCHANGED = {"a thousand lines": "1 % changed"}
_ONE, _HUNDRED = ({"items": "10,000", "changes": changes} for changes in ("1", "100"))

TENANTS = Parameter("tenants, with a source each", 10_000, "the question")
ITEMS = Parameter("items of all", 100_000_000, "the question")
CHANGED = Parameter("share of items that change in a night", 0.01, "assumed")

LINES_PER_SECOND = Parameter(
    "lines a second that an import reads, 1 % changed", 1_557, "report, Imports", Cell("imports", _UNCHANGED, "lines/s")
)
READ_UNITS = Parameter(
    "read units a thousand lines", 1_082, "report, Imports", Cell("imports", _UNCHANGED, "read units")
)
WRITE_UNITS = Parameter(
    "write units a thousand lines", 30.5, "report, Imports", Cell("imports", _UNCHANGED, "write units")
)
CALLS_ONE = Parameter(
    "calls of a run and apply of 1 change", 22, "report, Run and apply", Cell("publish", _ONE, "calls")
)
CALLS_HUNDRED = Parameter("of 100 changes", 24, "report, Run and apply", Cell("publish", _HUNDRED, "calls"))
DATABASE_CALLS = Parameter("of them to DynamoDB", 11, "report, Run and apply", Cell("publish", _HUNDRED, "DynamoDB"))
CPU_ONE = Parameter("processor time of 1 change, ms", 81, "report, Run and apply", Cell("publish", _ONE, "CPU ms"))
CPU_HUNDRED = Parameter("of 100 changes, ms", 63, "report, Run and apply", Cell("publish", _HUNDRED, "CPU ms"))
DATABASE_WAIT = Parameter("wait for a call to DynamoDB, ms", 5, "report, Cost")
OBJECT_WAIT = Parameter("wait for another call, ms", 25, "report, Cost")

SLOTS = Parameter("Lambda concurrent executions", 1_000, "AWS: default of an account that is not new")
NEW_TABLE_READS = Parameter("read units a second, new table", 12_000, "AWS: on demand")
TABLE_READS = Parameter("read units a second, quota of a table", 40_000, "AWS: on demand")
STAGE_TRIES = Parameter("retries of a task of an import", 8, "statemachines/import.asl.json")
LONGEST_RETRY = Parameter("longest wait between them, s", 60, "statemachines/import.asl.json")

LOOK_SECONDS = Parameter("a look at a source of the upkeep, s", 2, "operations page: with changes each day")
ROUND_SECONDS = Parameter("of each hour that a call begins sources in, s", 660, "template.yaml, functions/run_upkeep")

RELAY_GB_SECONDS = Parameter(
    "GB-seconds to relay a million events",
    35_355,
    "report, Cost",
    Cell("cost", {"part": "Lambda GB-seconds (estimate) *"}, "relay"),
)
RELAY_GB = Parameter("memory of the relay, GB", 0.5, "template.yaml")
SENDERS = Parameter("invocations that send webhooks", 20, "template.yaml: WebhookConcurrency")
BATCH = Parameter("messages an invocation", 5, "template.yaml")
TENANT_POSTS = Parameter("posts of a tenant at once", 5, "layers/shared/webhooks/deliveries/slots.py")
RETURNS = Parameter("times that a message comes back for want of a slot", 4, "layers/shared/webhooks/tasks.py")
SWEEP_SECONDS = Parameter("time between sweeps, s", 60, "layers/shared/webhooks/deliveries/schedule.py")
QUICK_POST = Parameter("a post to a receiver that is well, s", 0.3, "assumed")
SLOW_POST = Parameter("a post to a slow one, s", 13, "assumed; just below the time-out")

PARAMETERS = [each for each in list(globals().values()) if isinstance(each, Parameter)]


def publish_seconds(changes: float) -> float:
    """How long the tasks of a run and its apply take, a straight line through the two that were measured.

    Calls are taken one after the other, which they are not, so it is rather too long.
    """

    def seconds(calls: float, cpu_ms: float) -> float:
        database = DATABASE_CALLS.value * DATABASE_WAIT.value
        return (cpu_ms + database + (calls - DATABASE_CALLS.value) * OBJECT_WAIT.value) / 1000

    one, hundred = seconds(CALLS_ONE.value, CPU_ONE.value), seconds(CALLS_HUNDRED.value, CPU_HUNDRED.value)
    return one + (hundred - one) * (changes - 1) / 99


def relay_seconds() -> float:
    """How long one event takes in the relay."""
    return RELAY_GB_SECONDS.value / 1_000_000 / RELAY_GB.value
