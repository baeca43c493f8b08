"""What a cold start costs: each function in a fresh process beside one that only imports boto3 and makes one client.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.cold_start [--rounds 9] [--functions diff_run ...]

`clients` is the import of the function's app.py and a DynamoDB client; `answer` goes on through the first invocation
(the bare function reads one row). Counted is processor time, which other work on the machine disturbs least; every
round runs the bare process beside each function's, and a figure is the median of the rounds' ratios. Ends with 1
when `clients` is over the design's figure.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from httpapi.assembly import Assembly
from httpapi.settings import EdgeSettings
from moto import mock_aws

from benchmarks.emulators import dynoxide

ROOT = Path(__file__).parents[1]
# Only DynamoDB is there: no first event gets as far as another service.
UNREACHABLE = "http://127.0.0.1:9"
HTTP_FIGURE = 1.6
OTHER_FIGURE = 1.25
HTTP_FUNCTIONS = frozenset({"admin_api", "developer_api"})
ROW = "{:<22} {:>10} {:>8} {:>8} {:>8} {:>8}"

_BARE = """
import boto3
client = boto3.client("dynamodb")
if FIRST:
    client.get_item(TableName=TABLE, Key={"pk": {"S": "tenant"}, "sk": {"S": "source"}}, ConsistentRead=True)
"""
_FUNCTION = """
import app
if not FIRST:
    from knowledge.aws import Clients
    Clients().dynamodb
else:
    try:
        app.handler(EVENT, CONTEXT)
    except Exception:
        # What the event names is not there: the function has made its clients and asked for it.
        pass
"""
_CHILD = """
import time
began = time.process_time()
class CONTEXT:
    aws_request_id = "1"
    @staticmethod
    def get_remaining_time_in_millis():
        return 29000
"""
_TELL = "\nprint(time.process_time() - began, flush=True)\nimport os; os._exit(0)\n"


def functions() -> list[str]:
    """Name the folders of the functions."""
    return sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))


def first_event(function: str, token: str, bucket: str) -> dict[str, object] | None:
    """Make the first event a function gets: a small read, or a task of a run that is not there.

    None for a function that asks for nothing without a real run: it has no first answer worth comparing.
    """
    absent = {"tenantId": "ten_cold", "sourceId": f"src_{'0' * 26}", "runId": f"run_{'0' * 26}"}
    key = f"imports/ten_cold/{absent['sourceId']}/imp_{'0' * 26}/upload"
    events: dict[str, dict[str, object]] = {
        "admin_api": _get("/v1/admin/keys", token),
        "developer_api": _get("/v1/sources", token),
        "bootstrap_tenant": {"tenantId": "ten_cold"},
        "diff_run": {**absent, "action": "diff"},
        "build_generation": {**absent, "action": "apply"},
        "record_failure": {**absent, "error": {"Error": "States.Timeout"}},
        "stage_import": {**absent, "importId": f"imp_{'0' * 26}", "attempt": 1},
        "start_import": {
            "detail-type": "Object Created",
            "detail": {"bucket": {"name": bucket}, "object": {"key": key, "etag": "0", "sequencer": "0"}},
        },
        "tend_sources": {},
    }
    return events.get(function)


def _get(path: str, token: str) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {token}"}
    return {"httpMethod": "GET", "path": path, "headers": headers, "body": None, "requestContext": {}}


def child(
    code: str, environment: Mapping[str, str], folder: Path | None, first: bool, names: Mapping[str, object]
) -> float:
    """Run code in a fresh process; return the processor seconds it took."""
    path = os.pathsep.join(map(str, filter(None, (ROOT / "layers" / "shared", folder))))
    set_up = "".join(f"{name} = {value!r}\n" for name, value in {**names, "FIRST": first}.items())
    done = subprocess.run(
        [sys.executable, "-c", set_up + _CHILD + code + _TELL],
        env={**environment, "PYTHONPATH": path, "PATH": os.environ.get("PATH", "")},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


def compare(
    function: str, environment: Mapping[str, str], token: str, rounds: int
) -> tuple[float, float, float | None]:
    """Measure a function beside the bare one: ratio and milliseconds up to its clients, ratio through its answer."""
    folder = ROOT / "functions" / function
    event = first_event(function, token, environment["CONTENT_BUCKET"])

    def pairs(first: bool) -> list[tuple[float, float]]:
        mine = {"EVENT": event}
        child(_FUNCTION, environment, folder, first, mine)  # Compiles what has changed.
        return [
            (
                child(_BARE, environment, None, first, {"TABLE": environment["CATALOG_TABLE"]}),
                child(_FUNCTION, environment, folder, first, mine),
            )
            for _ in range(rounds)
        ]

    def ratio(measured: list[tuple[float, float]]) -> float:
        return statistics.median(mine / bare for bare, mine in measured)

    clients = pairs(first=False)
    answer = None if event is None else ratio(pairs(first=True))
    return ratio(clients), statistics.median(mine for _, mine in clients) * 1000, answer


def row(function: str, measured: tuple[float, float, float | None]) -> bool:
    """Print a function's row; say whether its figure is reached."""
    figure = HTTP_FIGURE if function in HTTP_FUNCTIONS else OTHER_FIGURE
    ratio, mine, answer = measured
    told = "yes" if ratio <= figure else "NO"
    shown = "-" if answer is None else f"{answer:.2f}"
    print(ROW.format(function, f"{mine:.0f}", f"{ratio:.2f}", f"{figure:.2f}", told, shown), flush=True)
    return ratio <= figure


def main() -> int:
    """Measure on tables of its own."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=9)
    arguments.add_argument("--functions", nargs="*", default=functions())
    chosen = arguments.parse_args()
    with mock_aws(), dynoxide("cold") as resources:
        os.environ.update(resources.environment)
        keys = Assembly(EdgeSettings.from_environment()).keys
        token = keys.bootstrap(tenant_id=None, name="cold").token.text
        environment = {**resources.environment, "AWS_ENDPOINT_URL": UNREACHABLE}
        print(ROW.format("cold start of", "clients ms", "ratio", "figure", "reached", "answer"))
        reached = [row(each, compare(each, environment, token, chosen.rounds)) for each in chosen.functions]
    print(
        "`ratio`: to a function that imports boto3 and makes one client; `answer`: the same, with the first invocation"
    )
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
