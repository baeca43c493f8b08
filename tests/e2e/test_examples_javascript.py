"""examples/javascript as a user runs it, and its client and verification over the wire."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator

import pytest
from standardwebhooks import Webhook

from local.template import ROOT
from tests.e2e.client_checks import CLIENT_CHECKS, Call
from tests.e2e.driver_process import Driver
from tests.e2e.example_checks import (
    EXAMPLES,
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


@pytest.fixture(scope="module")
def node() -> str:
    path = require_tool("node")
    if not (ROOT / "node_modules" / "standardwebhooks").exists():
        require_tool("standardwebhooks of npm")
    return path


@pytest.fixture(scope="module")
def driver(node: str) -> Iterator[Driver]:
    """One node process for all calls of the client and of `verify`."""
    with Driver(node, ROOT / "tests" / "e2e" / "javascript_driver.mjs", environment=os.environ) as process:
        yield process


@pytest.mark.parametrize("check", CLIENT_CHECKS, ids=lambda check: check.__name__)
def test_client(check: Callable[[Call], None], driver: Driver) -> None:
    check(driver.call)


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


@pytest.mark.parametrize("name", rejected_messages())
def test_message_that_is_not_signed_is_refused(name: str, driver: Driver) -> None:
    status, body, headers = rejected_messages()[name]
    error = driver.verify(body, headers, SECRET, NEXT_SECRET)["error"]
    assert (error["name"], error["status"]) == ("UnverifiedWebhookError", status)


def test_message_signed_by_either_secret_is_taken(driver: Driver) -> None:
    for secret in (SECRET, NEXT_SECRET):
        headers = {name.title(): value for name, value in signed(BODY, secret).items()}
        assert driver.verify(BODY, headers, SECRET, NEXT_SECRET)["result"] == EVENT
    assert driver.verify(BODY, signed(BODY, NEXT_SECRET), SECRET)["error"]["status"] == 401


def test_libraries_of_both_languages_sign_alike(driver: Driver) -> None:
    at = int(time.time())
    encoded = base64.b64encode(BODY).decode()
    signature = driver.ask(operation="sign", body=encoded, id="evt_1", at=at, secret=SECRET)["result"]
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(at), "webhook-signature": signature}
    assert Webhook(SECRET).verify(BODY, headers) == EVENT
