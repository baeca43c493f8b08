"""What a cold start costs: each function in a fresh process beside one that only imports boto3 and makes one client.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.cold_start [--rounds 9] [--functions diff_run ...]

Measured is the import of the function's app.py and a DynamoDB client, and the same through the first invocation (the
bare function reads one row).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from httpapi.assembly import EdgeServices
from httpapi.settings import EdgeSettings
from moto import mock_aws

from benchmarks.emulators import dynoxide
from benchmarks.findings import Figure, Findings, Table, conclude, parser
from testing.layers import layer_folders

ROOT = Path(__file__).parents[1]
# Only DynamoDB is there: no first event gets as far as another service.
UNREACHABLE = "http://127.0.0.1:9"
HTTP_FIGURE = 1.6
OTHER_FIGURE = 1.25
HTTP_FUNCTIONS = frozenset({"admin_api", "developer_api", "search_api", "serve_site"})
BARE = "bare"
ROUNDS = {"small": 2, "usual": 9, "full": 15}

_BARE = """
import boto3
client = boto3.client("dynamodb")
if FIRST:
    client.get_item(TableName=TABLE, Key={"pk": {"S": "tenant"}, "sk": {"S": "source"}}, ConsistentRead=True)
"""
_FUNCTION = """
import app
if not FIRST:
    from knowledge.storage.clients import Clients
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
        "search_api": _get("/v1/search", token) | {"httpMethod": "POST", "body": '{"query": "a"}'},
        "serve_site": {"httpMethod": "GET", "pathParameters": {"file": "widget/widget.json"}},
        "bootstrap_tenant": {"tenantId": "ten_cold"},
        "diff_run": {**absent, "action": "diff"},
        "build_generation": {**absent, "action": "apply"},
        "record_failure": {**absent, "error": {"Error": "States.Timeout"}},
        "stage_import": {**absent, "importId": f"imp_{'0' * 26}", "attempt": 1},
        "start_import": {
            "detail-type": "Object Created",
            "detail": {"bucket": {"name": bucket}, "object": {"key": key, "etag": "0", "sequencer": "0"}},
        },
        "run_upkeep": {},
    }
    return events.get(function)


def _get(path: str, token: str) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {token}"}
    return {"httpMethod": "GET", "path": path, "headers": headers, "body": None, "requestContext": {}}


def child(
    code: str, environment: Mapping[str, str], folder: Path | None, first: bool, names: Mapping[str, object]
) -> float:
    """Run code in a fresh process; return the processor seconds it took."""
    layers = [ROOT / "layers" / "shared"] if folder is None else layer_folders(folder.name)
    path = os.pathsep.join(map(str, filter(None, (*layers, folder))))
    set_up = "".join(f"{name} = {value!r}\n" for name, value in {**names, "FIRST": first}.items())
    done = subprocess.run(
        [sys.executable, "-c", set_up + _CHILD + code + _TELL],
        env={**environment, "PYTHONPATH": path, "PATH": os.environ.get("PATH", "")},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


def least(
    code: Mapping[str, str], environment: Mapping[str, str], names: Mapping[str, object], rounds: int, *, first: bool
) -> dict[str, float]:
    """Run every piece of code in turn, round after round; return the least processor seconds that each took.

    Other work on the machine only ever adds to a time, so the least of several is the nearest to what it costs.
    """
    took: dict[str, list[float]] = {name: [] for name in code}
    for number in range(rounds + 1):
        for name, text in code.items():
            folder = None if name == BARE else ROOT / "functions" / name
            seconds = child(text, environment, folder, first, {**names, "EVENT": names.get(name)})
            if number:  # The first round compiles what has changed.
                took[name].append(seconds)
    return {name: min(each) for name, each in took.items()}


def compare(environment: Mapping[str, str], token: str, rounds: int, chosen: list[str]) -> list[list[float | None]]:
    """Measure functions beside the bare one: milliseconds up to the clients, its ratio, and that through the answer."""
    events = {name: first_event(name, token, environment["CONTENT_BUCKET"]) for name in chosen}
    names = {"TABLE": environment["CATALOG_TABLE"], **events}
    every = {BARE: _BARE, **dict.fromkeys(chosen, _FUNCTION)}
    clients = least(every, environment, names, rounds, first=False)
    answering = {name: code for name, code in every.items() if name == BARE or events[name] is not None}
    answers = least(answering, environment, names, rounds, first=True)
    return [
        [
            clients[name] * 1000,
            clients[name] / clients[BARE],
            answers[name] / answers[BARE] if name in answers else None,
        ]
        for name in chosen
    ]


def measure(arguments: argparse.Namespace) -> Findings:
    """Measure on tables of its own."""
    chosen = arguments.functions or functions()
    rounds = arguments.rounds or ROUNDS[arguments.size]
    with mock_aws(), dynoxide("cold") as resources:
        os.environ.update(resources.environment)
        keys = EdgeServices(EdgeSettings.from_environment()).keys
        token = keys.bootstrap_tenant(tenant_id=None, name="cold").token.text
        environment = {**resources.environment, "AWS_ENDPOINT_URL": UNREACHABLE}
        measured = compare(environment, token, rounds, chosen)
    rows, ratios = [], {}
    for name, (milliseconds, ratio, answer) in zip(chosen, measured, strict=True):
        shown = f"{answer:.2f}" if answer else "-"
        rows.append([name, f"{milliseconds:.0f}", f"{ratio:.2f}", f"{_bound(name):.2f}", shown])
        ratios[name] = ratio or 0.0
    return Findings(
        title="Cold start",
        intro="Each function in a fresh process beside one that only imports boto3 and makes one client: processor "
        f"time, the least of {rounds} rounds in turn.",
        figures=judged(ratios),
        tables=[
            Table(
                ["function", "clients ms", "ratio", "figure", "with first answer"],
                rows,
                note="`ratio`: import and clients, to the bare process; the last column: the same through the first "
                "invocation.",
            )
        ],
    )


def judged(ratios: Mapping[str, float]) -> list[Figure]:
    """Hold the worst of the HTTP functions, and of the others, against their figures."""
    figures = []
    for words, names in (
        ("HTTP functions", HTTP_FUNCTIONS & ratios.keys()),
        ("the others", ratios.keys() - HTTP_FUNCTIONS),
    ):
        if not names:
            continue
        worst = max(sorted(names), key=lambda name: ratios[name])
        what = f"import and clients at cold start, {words} (most: {worst})"
        figures.append(Figure(what, _bound(worst), ratios[worst], "x boto3 and one client", counted=False))
    return figures


def _bound(name: str) -> float:
    return HTTP_FIGURE if name in HTTP_FUNCTIONS else OTHER_FIGURE


def main() -> int:
    """Run the benchmark."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int)
    options.add_argument("--functions", nargs="*", choices=functions())
    arguments = options.parse_args()
    return conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
