"""examples/curl as a user runs it, and its client and verification over the wire."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client_checks import CLIENT_CHECKS, Call, Failure, Outcome
from tests.e2e.example_checks import (
    EXAMPLES,
    Answer,
    ScriptedApi,
    check_walk_through,
    environment_of,
    refusal,
    require_tool,
    run_example,
)
from tests.e2e.receiver_checks import BODY, FOREIGN_SECRET, NEXT_SECRET, SECRET, rejected_messages, signed
from tests.support.stack import StackProcess

CURL = EXAMPLES / "curl"
# Loads the client, writes down its waits instead of waiting, and calls one of its functions.
SESSION = '. "$CLIENT" && api_sleep() { echo "$1" >>"$WAITS"; } && "$@"'
# The exit status of each kind of error, named as the typed exceptions of the other languages.
KINDS = {
    40: "InvalidRequestError",
    41: "UnauthorizedError",
    42: "RateLimitedError",
    43: "ForbiddenError",
    44: "NotFoundError",
    49: "ConflictError",
    50: "ServerError",
    60: "NoAnswerError",
    70: "RunFailedError",
    1: "ApiError",
    2: "ValueError",
}
FUNCTIONS = {
    "pushItem": "api_push_item",
    "pushBatch": "api_push_batch",
    "replaceItems": "api_replace_items",
    "items": "api_items",
    "item": "api_item",
    "removeItem": "api_remove_item",
    "startRun": "api_start_run",
    "applyRun": "api_apply_run",
}


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    for tool in ("bash", "curl", "jq", "openssl"):
        require_tool(tool)


@pytest.fixture
def call(tmp_path: Path) -> Call:
    def perform(server: ScriptedApi, operation: str, *arguments: Any) -> Outcome:
        waits = tmp_path / "waits"
        waits.write_text("")
        command, given = command_of(operation, *arguments)
        done = subprocess.run(
            ["bash", "-c", SESSION, "bash", FUNCTIONS[operation], *command],
            env=server.environment
            | {"CLIENT": f"{CURL}/developer_api.sh", "WAITS": str(waits), "TMPDIR": str(tmp_path)},
            input=given,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        waited = [float(line) for line in waits.read_text().split()]
        assert [entry.name for entry in tmp_path.iterdir()] == ["waits"], "the client leaves files behind"
        if done.returncode:
            assert done.stdout == ""
            error = json.loads(done.stderr.splitlines()[-1])
            kind = KINDS[done.returncode]
            return Outcome(
                None, Failure(kind, error["code"], error["status"], error["details"], error["requestId"]), waited
            )
        printed = [json.loads(line) for line in done.stdout.splitlines()]
        return Outcome(printed if operation == "items" else printed[0], None, waited)

    return perform


def command_of(operation: str, source_id: str, *arguments: Any) -> tuple[list[str], str]:
    """Translate an operation of the other languages into arguments of a function and its standard input."""
    options = arguments[-1] if arguments and isinstance(arguments[-1], dict) else {}
    if operation == "pushItem":
        return [source_id], json.dumps(arguments[0], ensure_ascii=False)
    if operation in {"pushBatch", "replaceItems"}:
        lines = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in arguments[0])
        if operation == "replaceItems":
            return [source_id, *(["true"] if options.get("allowEmpty") else [])], lines
        key = ["--key", options["idempotencyKey"]] if options else []
        return [*key, source_id, *options.get("removals", [])], lines
    plain = [str(argument) for argument in arguments if not isinstance(argument, dict)]
    return [source_id, *plain, *(f"{name}={value}" for name, value in options.items())], ""


@pytest.mark.parametrize("check", CLIENT_CHECKS, ids=lambda check: check.__name__)
def test_client(check: Callable[[Call], None], call: Call) -> None:
    check(call)


def test_items_go_out_as_they_are(call: Call) -> None:
    item = '{"externalItemId": "a", "title": "\\u0041", "content": "c", "sourceVersion": 9007199254740993}'
    with ScriptedApi(Answer(200, {"counts": {}})) as api:
        run_client(
            api, "api_push_batch", "--key", 'a "quoted" \\ key', "src_1", "-x", "ü/ö", given=f"\n{item}\n\n{item}\n"
        )
    assert api.requests[0].raw.decode().count(item) == 2
    assert api.requests[0].body["removals"] == [{"externalItemId": "-x"}, {"externalItemId": "ü/ö"}]
    assert api.requests[0].headers["idempotency-key"] == 'a "quoted" \\ key'


def test_errors_are_told_without_pipefail_too() -> None:
    for function in ("api_create_source", "api_item", "api_generation", "api_start_run"):
        with ScriptedApi(refusal(404, "not_found")) as api:
            run_client(api, function, "src_1", "a", code=44)


def test_key_is_not_shown_to_other_users(tmp_path: Path) -> None:
    curl = tmp_path / "curl"
    curl.write_text('#!/bin/sh\necho "$@" >&2; exit 7\n')
    curl.chmod(0o755)
    with ScriptedApi() as api:
        environment = api.environment | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = run_client(api, "api_item", "src_1", "a", environment=environment, code=60)
    assert "/v1/sources/src_1/items/a" in done.stderr
    assert environment["CHATBOT_KEY"] not in done.stderr


def run_client(
    api: ScriptedApi, *command: str, given: str = "", environment: dict[str, str] | None = None, code: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["bash", "-c", '. "$CLIENT"; API_TRIES=1; "$@"', "bash", *command],
        env=(environment or api.environment) | {"CLIENT": f"{CURL}/developer_api.sh"},
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done


def test_quickstart_publishes_what_it_says(local_stack: StackProcess) -> None:
    done = run_example(CURL / "quickstart.sh", environment=environment_of(local_stack))
    assert "read back: Refunds take 14 days.\n" in done.stdout
    assert "and again: the same answer\n" in done.stdout
    assert done.stderr == ""
    check_walk_through(local_stack, done.stdout)


def test_quickstart_says_what_is_missing_or_refused() -> None:
    done = run_example(CURL / "quickstart.sh", environment={"PATH": os.environ["PATH"]}, code=2)
    assert "set CHATBOT_API" in json.loads(done.stderr)["error"]
    with ScriptedApi(refusal(401, "invalid_key")) as api:
        done = run_example(CURL / "quickstart.sh", environment=api.environment, code=41)
    told = json.loads(done.stderr)
    assert (told["code"], told["error"]) == ("invalid_key", "POST /v1/sources: about invalid_key")
    assert done.stdout == ""


def test_programs_say_which_tool_or_variable_is_missing(tmp_path: Path) -> None:
    for tool in ("bash", "curl", "dirname"):
        (tmp_path / tool).symlink_to(require_tool(tool))
    done = run_example(CURL / "quickstart.sh", environment={"PATH": str(tmp_path)}, code=2)
    assert done.stderr == "jq is not installed\n"
    importing = [CURL / "nightly_import.sh", "src_1", CURL / "README.md"]
    for variables in ({}, {"CHATBOT_API": "http://127.0.0.1:9/api"}, {"CHATBOT_KEY": "sk_live_a"}):
        done = run_example(*importing, environment={"PATH": os.environ["PATH"], **variables}, code=3)
        assert done.stderr.startswith("set CHATBOT_API (")


@pytest.mark.parametrize("status", [307, 400])
def test_upload_that_is_not_taken_is_a_failure(status: int) -> None:
    with ScriptedApi() as api:
        upload = {"url": f"{api.base_url}/upload", "headers": {"If-None-Match": "*"}}
        elsewhere = {"Location": f"{api.base_url}/elsewhere"}
        api._answers += [
            Answer(202, {"import": {"id": "imp_1"}, "upload": upload}),
            Answer(status, {}, elsewhere),
            Answer(200, {"import": {"id": "imp_1", "state": "completed"}}),
        ]
        done = run_example(CURL / "nightly_import.sh", "src_1", CURL / "README.md", environment=api.environment, code=3)
    assert f"the upload failed: {status}" in done.stderr
    assert [request.method for request in api.requests] == ["POST", "PUT"]


def verified(
    body: bytes, headers: dict[str, str], secrets: str, *more: str, code: int
) -> subprocess.CompletedProcess[bytes]:
    arguments = [headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")]
    done = subprocess.run(
        [CURL / "verify_webhook.sh", *arguments, *more],
        env={"PATH": os.environ["PATH"], "WEBHOOK_SECRET": secrets},
        input=body,
        capture_output=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done


@pytest.mark.parametrize("name", rejected_messages())
def test_message_that_is_not_signed_is_refused(name: str) -> None:
    _, body, headers = rejected_messages()[name]
    if name == "not an object":
        # It is signed: what it holds is for the caller to judge.
        assert verified(body, headers, f"{SECRET} {NEXT_SECRET}", code=0).stdout == body
        return
    done = verified(body, headers, f"{SECRET} {NEXT_SECRET}", code=1)
    assert done.stdout == b""
    assert done.stderr


def test_message_signed_by_either_secret_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "body"
    file.write_bytes(BODY)
    for secret in (SECRET, NEXT_SECRET):
        headers = signed(BODY, FOREIGN_SECRET, secret)
        assert verified(BODY, headers, f"{SECRET} {NEXT_SECRET}", code=0).stdout == BODY
        assert verified(b"", headers, secret, str(file), code=0).stdout == BODY
    verified(BODY, signed(BODY, NEXT_SECRET), SECRET, code=1)


def test_secrets_of_every_length_sign_alike() -> None:
    for length in (1, 24, 63, 64, 65, 100):
        secret = "whsec_" + base64.b64encode(bytes(range(length))).decode()
        assert verified(BODY, signed(BODY, secret), secret, code=0).stdout == BODY


def test_secret_that_was_copied_badly_is_told() -> None:
    for secret in ("", "whsec_", SECRET.removeprefix("whsec_"), "whsec_***"):
        assert b"ECRET" in verified(BODY, signed(), secret, code=2).stderr.upper()
