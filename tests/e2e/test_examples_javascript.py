"""examples/javascript as a user runs it, and its client and verification over the wire."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook

from local.template import ROOT
from tests.e2e.client_checks import CLIENT_CHECKS, Call, Failure, Outcome
from tests.e2e.example_checks import (
    EXAMPLES,
    KEY,
    ScriptedApi,
    check_complaints,
    check_walk_through,
    environment_of,
    require_tool,
    run_example,
)
from tests.e2e.receiver_checks import (
    BODY,
    EVENT,
    NEXT_SECRET,
    SECRET,
    check_receiver,
    check_receiver_complaints,
    rejected_messages,
    signed,
)
from tests.support.stack import StackProcess

JAVASCRIPT = EXAMPLES / "javascript"

Drive = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def node() -> str:
    path = require_tool("node")
    if not (ROOT / "node_modules" / "standardwebhooks").exists():
        require_tool("standardwebhooks of npm")
    return path


@pytest.fixture(scope="module")
def drive(node: str) -> Iterator[Drive]:
    """One node process for all calls of the client and of `verify`."""
    command = [node, str(ROOT / "tests" / "e2e" / "javascript_driver.mjs")]
    driver = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert driver.stdin and driver.stdout
    reader, writer = driver.stdout, driver.stdin

    def ask(call: dict[str, Any]) -> dict[str, Any]:
        writer.write(json.dumps(call) + "\n")
        writer.flush()
        outcome: dict[str, Any] = json.loads(reader.readline())
        return outcome

    yield ask
    driver.stdin.close()
    assert driver.wait(5) == 0
    driver.stdout.close()


@pytest.mark.parametrize("check", CLIENT_CHECKS, ids=lambda check: check.__name__)
def test_client(check: Callable[[Call], None], drive: Drive) -> None:
    def call(server: ScriptedApi, operation: str, *arguments: Any) -> Outcome:
        wanted = {"operation": operation, "arguments": arguments, "baseUrl": server.base_url, "key": KEY}
        outcome = drive(wanted)
        if "error" not in outcome:
            return Outcome(outcome["result"], None, outcome["waits"])
        error = outcome["error"]
        failure = Failure(
            error["name"],
            error.get("code", ""),
            error.get("status"),
            error.get("details") or [],
            error.get("requestId"),
        )
        return Outcome(None, failure, outcome["waits"])

    check(call)


def test_quickstart_publishes_what_it_says(local_stack: StackProcess, node: str) -> None:
    done = run_example(node, JAVASCRIPT / "quickstart.mjs", environment=environment_of(local_stack))
    check_walk_through(local_stack, done.stdout)


def test_quickstart_says_what_is_missing_or_refused(node: str) -> None:
    check_complaints(node, JAVASCRIPT / "quickstart.mjs", environment={}, path="/v1/sources")


def test_receiver_prints_each_verified_event_once(node: str) -> None:
    check_receiver(node, JAVASCRIPT / "webhook-receiver.mjs")


def test_receiver_says_how_it_is_used(node: str) -> None:
    done = run_example(node, JAVASCRIPT / "webhook-receiver.mjs", "--prot", "1", environment={}, code=2)
    assert "--prot" in done.stderr
    assert "usage: " in done.stderr
    check_receiver_complaints(node, JAVASCRIPT / "webhook-receiver.mjs")


def verified(drive: Drive, body: bytes, headers: dict[str, str], *secrets: str) -> dict[str, Any]:
    encoded = base64.b64encode(body).decode()
    return drive({"operation": "verify", "body": encoded, "headers": headers, "secrets": secrets})


@pytest.mark.parametrize("name", rejected_messages())
def test_message_that_is_not_signed_is_refused(name: str, drive: Drive) -> None:
    status, body, headers = rejected_messages()[name]
    error = verified(drive, body, headers, SECRET, NEXT_SECRET)["error"]
    assert (error["name"], error["status"]) == ("UnverifiedWebhookError", status)


def test_message_signed_by_either_secret_is_taken(drive: Drive) -> None:
    for secret in (SECRET, NEXT_SECRET):
        headers = {name.title(): value for name, value in signed(BODY, secret).items()}
        assert verified(drive, BODY, headers, SECRET, NEXT_SECRET)["result"] == EVENT
    assert verified(drive, BODY, signed(BODY, NEXT_SECRET), SECRET)["error"]["status"] == 401


def test_libraries_of_both_languages_sign_alike(drive: Drive) -> None:
    at = int(time.time())
    sign = {"operation": "sign", "body": base64.b64encode(BODY).decode(), "id": "evt_1", "at": at, "secret": SECRET}
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(at), "webhook-signature": drive(sign)["result"]}
    assert Webhook(SECRET).verify(BODY, headers) == EVENT
