"""What the webhook receiver of every example language must do; its messages are signed by the reference library."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from standardwebhooks import Webhook

from local.template import ROOT
from tests.e2e.example_checks import receiver

SECRET, NEXT_SECRET, FOREIGN_SECRET = (
    "whsec_" + base64.b64encode(bytes([first]) * 32).decode() for first in (0, 170, 255)
)
EVENT: dict[str, Any] = {
    "type": "generation.published",
    "timestamp": "2026-11-23T09:33:00.000Z",
    "data": {"n": "Größe"},
}
NOTHING: Mapping[str, str] = MappingProxyType({})
BODY = json.dumps(EVENT, ensure_ascii=False, indent=1).encode()


def signed(
    body: bytes = BODY, *secrets: str, webhook_id: str = "evt_1", age: timedelta = timedelta()
) -> dict[str, str]:
    """Make the headers of a message, with a signature for each secret."""
    at = datetime.now(UTC) - age
    signatures = [Webhook(secret).sign(webhook_id, at, body.decode()) for secret in secrets or (SECRET,)]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json",
    }


def without(headers: Mapping[str, str], name: str) -> dict[str, str]:
    """Leave one header out."""
    return {given: value for given, value in headers.items() if given != name}


def rejected_messages() -> dict[str, tuple[int, bytes, dict[str, str]]]:
    """Messages that no receiver may believe, and what to answer: 401 to a wrong signature, 400 to what has none."""
    good = signed()
    parsed_and_written = json.dumps(EVENT, ensure_ascii=False).encode()
    return {
        "changed body": (401, BODY.replace(b"published", b"restored "), good),
        "body written anew": (401, parsed_and_written, good),
        "another id": (401, BODY, good | {"webhook-id": "evt_2"}),
        "another time": (401, BODY, good | {"webhook-timestamp": str(int(good["webhook-timestamp"]) - 1)}),
        "too old": (401, BODY, signed(age=timedelta(minutes=6))),
        "from the future": (401, BODY, signed(age=timedelta(minutes=-6))),
        "no time": (401, BODY, good | {"webhook-timestamp": "yesterday"}),
        "wrong secret": (401, BODY, signed(BODY, FOREIGN_SECRET)),
        "another version": (401, BODY, good | {"webhook-signature": good["webhook-signature"].replace("v1,", "v2,")}),
        "no signature in it": (401, BODY, good | {"webhook-signature": "v1 v1, ,x"}),
        "not UTF-8": (401, b"\xff" + BODY, good),
        "not an object": (400, b"[1]", signed(b"[1]")),
        **{f"no {name}": (400, BODY, without(good, name)) for name in good if name.startswith("webhook-")},
    }


def check_receiver(*command: str | Path, environment: Mapping[str, str] = NOTHING) -> None:
    """Drive a receiver as a process: what it takes, what it refuses, what it prints, and that it prints it once."""
    environment = {**environment, "PATH": os.environ["PATH"], "WEBHOOK_SECRET": f"{NEXT_SECRET} {SECRET}"}
    with receiver(*command, environment=environment) as process, httpx.Client(trust_env=False) as client:

        def post(body: bytes, headers: dict[str, str]) -> int:
            return client.post(process.url, content=body, headers=headers).status_code

        for name, (status, body, headers) in rejected_messages().items():
            assert post(body, headers) == status, name
        assert post(b"x" * 100_000, signed()) == 413
        # Each secret alone, and both, as while a secret is rotated; a refused id is not remembered, a taken one is.
        taken = {"evt_1": (SECRET,), "evt_2": (NEXT_SECRET,), "evt_3": (FOREIGN_SECRET, SECRET), "evt_4": (SECRET,)}
        for webhook_id, secrets in taken.items():
            for _ in range(2):
                assert post(BODY, signed(BODY, *secrets, webhook_id=webhook_id)) == 204
        assert [process.next_event() for _ in taken] == [
            {"webhookId": webhook_id, "event": EVENT} for webhook_id in taken
        ]
    with receiver(*command, "--secret", SECRET, environment=without(environment, "WEBHOOK_SECRET")) as process:
        refused = httpx.post(process.url, content=BODY, headers=signed(BODY, NEXT_SECRET), trust_env=False)
        taken_one = httpx.post(process.url, content=BODY, headers=signed(), trust_env=False)
    assert (refused.status_code, taken_one.status_code) == (401, 204)


def check_receiver_complaints(*command: str | Path, environment: Mapping[str, str] = NOTHING) -> None:
    """Check that a receiver which can't start says what to do, in words and not in a trace of its calls."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for options, advice in (
            ((), "set WEBHOOK_SECRET, or use --secret"),
            (("--secret", "whsec_***"), "copy it anew"),
            (("--secret", "secret"), "copy it anew"),
            (("--secret", SECRET, "--port", str(port)), "choose another with --port"),
        ):
            arguments = [str(part) for part in (*command, *options)]
            known = {**environment, "PATH": os.environ["PATH"]}
            done = subprocess.run(arguments, cwd=ROOT, env=known, capture_output=True, text=True, check=False)
            assert done.returncode in (1, 2), options
            assert advice in done.stderr.splitlines()[-1], options
            assert not re.search(r"^    ?at |Traceback", done.stderr, re.MULTILINE), done.stderr
