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

from local.emulators.dynoxide import Dynoxide, find_dynoxide
from tests.support.resources import Resources

ROOT = Path(__file__).parents[1]
MISSING_TOOL = 4
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


def first_event(function: str, token: str) -> dict[str, object]:
    """Make the first event a function gets: a small read, or a task of a run that is not there."""
    if function in HTTP_FUNCTIONS:
        path = "/v1/whoami" if function == "developer_api" else "/v1/admin/keys"
        headers = {"Authorization": f"Bearer {token}"}
        return {"httpMethod": "GET", "path": path, "headers": headers, "body": None, "requestContext": {}}
    if function == "bootstrap_tenant":
        return {"tenantId": "ten_cold"}
    absent = {"tenantId": "ten_cold", "sourceId": "src_" + "0" * 26, "runId": "run_" + "0" * 26, "action": "diff"}
    return {**absent, "importId": "imp_" + "0" * 26, "attempt": 1, "error": {"Error": "x"}, "phase": "completed"}


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
    wanted: list[str], environment: Mapping[str, str], token: str, rounds: int
) -> dict[str, dict[bool, tuple[float, float, float]]]:
    """Measure each function beside the bare one.

    Returns ratio, bare and own milliseconds, by function and by whether it is invoked.
    """
    table = {"TABLE": environment["CATALOG_TABLE"]}
    found: dict[str, dict[bool, tuple[float, float, float]]] = {}
    for function in wanted:
        folder = ROOT / "functions" / function
        names = {"EVENT": first_event(function, token)}
        found[function] = {}
        for first in (False, True):
            child(_FUNCTION, environment, folder, first, names)  # Compiles what has changed.
            pairs = [
                (child(_BARE, environment, None, first, table), child(_FUNCTION, environment, folder, first, names))
                for _ in range(rounds)
            ]
            ratio = statistics.median(mine / bare for bare, mine in pairs)
            bare, mine = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
            found[function][first] = (ratio, bare, mine)
    return found


def report(found: Mapping[str, Mapping[bool, tuple[float, float, float]]]) -> bool:
    """Print a row for each function; say whether every figure is reached."""
    reached = True
    print(ROW.format("cold start of", "clients ms", "ratio", "figure", "reached", "answer"))
    for function, measured in found.items():
        figure = HTTP_FIGURE if function in HTTP_FUNCTIONS else OTHER_FIGURE
        ratio, _, mine = measured[False]
        good = ratio <= figure
        reached = reached and good
        print(
            ROW.format(
                function,
                f"{mine:.0f}",
                f"{ratio:.2f}",
                f"{figure:.2f}",
                "yes" if good else "NO",
                f"{measured[True][0]:.2f}",
            )
        )
    print(
        "`ratio` is against a function that imports boto3 and makes one client; `answer`, through the first invocation"
    )
    return reached


def main() -> int:
    """Measure on tables of its own."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=9)
    arguments.add_argument("--functions", nargs="*", default=functions())
    chosen = arguments.parse_args()
    binary = find_dynoxide()
    if binary is None:
        print("Dynoxide is not installed: run `make setup`", file=sys.stderr)
        return MISSING_TOOL
    server = Dynoxide(binary)
    try:
        resources = Resources(prefix="cold", endpoints={"dynamodb": server.url})
        with mock_aws():
            resources.create()
        os.environ.update(resources.environment)
        keys = Assembly(EdgeSettings.from_environment()).keys
        token = keys.bootstrap(tenant_id=None, name="cold").token.text
        found = compare(chosen.functions, resources.environment, token, chosen.rounds)
    finally:
        server.stop()
    return 0 if report(found) else 1


if __name__ == "__main__":
    sys.exit(main())
