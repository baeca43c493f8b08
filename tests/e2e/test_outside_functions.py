"""Emulators that containers reach, and functions behind an endpoint: what `sam local` needs, without Docker."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import httpx
import pytest

from local.emulators.containers import Doorway
from local.emulators.dynoxide import free_port
from local.failures import LocalStackError, StartupError
from local.template.load import read_template
from local.workers.functions import FunctionSpec
from local.workers.remote import RemoteFunction, endpoint_answers

# Every address of 127.0.0.0/8 is this machine's own; this one stands for that of Docker's bridge.
ADDRESS = "127.0.0.2"
ANSWERS = {
    "FineFunction": (200, {}, b'{"answer": 42}'),
    "RaisingFunction": (200, {"X-Amz-Function-Error": "Unhandled"}, b'{"errorType": "StalePlanError"}'),
    "LostFunction": (200, {}, b"Function timed out"),
    "MissingFunction": (404, {}, b'{"Message": "Function not found"}'),
}


class Endpoint(BaseHTTPRequestHandler):
    """The Lambda Invoke API, as `sam local start-lambda` answers it."""

    taken: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append((self.path, body))
        status, headers, answer = ANSWERS[self.path.split("/")[3]]
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[ThreadingHTTPServer]:
    Endpoint.taken = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def remote(name: str, port: int) -> RemoteFunction:
    spec = FunctionSpec(name, f"local-{name}", f"arn:{name}", 5, {}, Path())
    return RemoteFunction(spec, f"http://127.0.0.1:{port}")


def read_all(end: socket.socket) -> bytes:
    pieces = []
    while piece := end.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def test_function_elsewhere_is_called_by_its_logical_id(endpoint: ThreadingHTTPServer) -> None:
    outcome = remote("FineFunction", endpoint.server_port).invoke(b'{"n": 1}')
    assert (outcome.failed, outcome.payload) == (False, b'{"answer": 42}')
    assert Endpoint.taken == [("/2015-03-31/functions/FineFunction/invocations", b'{"n": 1}')]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("RaisingFunction", "StalePlanError"),
        ("LostFunction", "Runtime.ExitError"),
        ("MissingFunction", "ServiceException"),
    ],
)
def test_failure_of_a_function_elsewhere_keeps_its_name(endpoint: ThreadingHTTPServer, name: str, error: str) -> None:
    outcome = remote(name, endpoint.server_port).invoke(b"{}")
    assert (outcome.failed, json.loads(outcome.payload)["errorType"]) == (True, error)


def test_endpoint_that_is_not_there_fails_the_invocation() -> None:
    port = free_port()
    assert not endpoint_answers(f"http://127.0.0.1:{port}")
    outcome = remote("FineFunction", port).invoke(b"{}")
    assert (outcome.failed, json.loads(outcome.payload)["errorType"]) == (True, "ServiceException")


@pytest.mark.parametrize("url", ["127.0.0.1:3001", "http://127.0.0.1", "http://127.0.0.1:port"])
def test_url_without_host_or_port_is_refused(url: str) -> None:
    with pytest.raises(LocalStackError, match="write it as"):
        endpoint_answers(url)


def test_doorway_passes_on_both_ways_until_both_ends_have_finished() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        doorway = Doorway(ADDRESS, listener.getsockname()[1])
        sent = bytes(range(256)) * 4096
        with socket.create_connection((ADDRESS, listener.getsockname()[1])) as near:
            far, _ = listener.accept()
            with far:
                Thread(target=lambda: (near.sendall(sent), near.shutdown(socket.SHUT_WR))).start()
                assert read_all(far) == sent
                far.sendall(b"answer")
                far.shutdown(socket.SHUT_WR)
                assert read_all(near) == b"answer"
        doorway.close()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((ADDRESS, listener.getsockname()[1]), timeout=1)


def test_address_of_another_machine_is_refused_with_advice() -> None:
    with pytest.raises(StartupError, match="name an address of this machine"):
        Doorway("192.0.2.1", free_port())


def test_stack_shows_containers_its_emulators_and_each_function_its_variables(own_stack: Any, tmp_path: Path) -> None:
    path = tmp_path / "env.json"
    stack = own_stack("--containers", ADDRESS, str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    environment = json.loads(path.read_text())
    functions = dict(read_template().of_type("AWS::Serverless::Function"))
    assert environment.keys() == functions.keys()
    for name, function in functions.items():
        assert function["Environment"]["Variables"].keys() <= environment[name].keys()
    variables = environment["DeveloperApiFunction"]
    assert variables["AWS_ENDPOINT_URL_DYNAMODB"].startswith(f"http://{ADDRESS}:")
    tables = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=variables["AWS_ENDPOINT_URL_DYNAMODB"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    ).list_tables()["TableNames"]
    assert variables["CATALOG_TABLE"] in tables
    assert httpx.get(variables["AWS_ENDPOINT_URL"], trust_env=False).status_code < 500
    stack.stop()
    assert not path.exists()


def test_stack_waits_for_functions_elsewhere(own_stack: Any) -> None:
    """It has no worker processes then: with an endpoint that refuses, not even its tenant can be made."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.server_close()
    url = f"http://127.0.0.1:{server.server_port}"
    stack = own_stack("--lambda-url", url, until_said=f"Waiting for the functions at {url}")
    assert not stack.credentials_path.exists()
