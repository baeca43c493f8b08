"""What the stack says and leaves behind when it can't start, and when parts of it or all of it are killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.template import ROOT
from tests.support.stack import StackProcess, alive, children_of, eventually

WAITS_SECONDS = (1, 5, 15)


def up(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", "up", "--credentials", "/nonexistent/never-written", *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = up("--port", port)
    assert (done.returncode, done.stderr.count("\n")) == (3, 2)
    assert f"port {port} is taken" in done.stderr


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "broken.yaml cannot be read"),
        ("Resources: [", "broken.yaml is not valid YAML"),
        (
            "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: nowhere}\n",
            "F names the folder",
        ),
        (
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  F: {Type: AWS::Serverless::Api}\n",
            "does not translate",
        ),
        ("Resources:\n  T: {Type: AWS::DynamoDB::Table}\n", "runs one API"),
    ],
    ids=["missing", "syntax", "folder", "translation", "no-api"],
)
def test_template_that_does_not_load_is_explained(tmp_path: Path, text: str | None, complaint: str) -> None:
    template = tmp_path / "broken.yaml"
    if text is not None:
        template.write_text(text)
    done = up("--port", "0", "--template", str(template))
    assert done.returncode == 5, done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_dynoxide_is_an_error_when_data_must_last(tmp_path: Path) -> None:
    done = up("--port", "0", "--data", str(tmp_path / "data"), DYNOXIDE_PATH="/nonexistent/dynoxide")
    assert done.returncode == 4
    assert "Dynoxide" in done.stderr


def test_killed_worker_fails_its_request_cleanly_and_is_replaced(own_stack: Any) -> None:
    stack: StackProcess = own_stack("--workers", "1")
    answers: list[httpx.Response] = []

    def ask() -> None:
        with stack.client() as api:
            answers.append(api.get("v1/whoami"))

    ask()
    for wait_seconds in WAITS_SECONDS:
        with killed_after(wait_seconds, stack.worker_pids("local-DeveloperApiFunction")):
            ask()
        if answers[-1].status_code != 200:
            break
    killed = answers[-1]
    ask()
    assert [answer.status_code for answer in (answers[0], killed, answers[-1])] == [200, 500, 200]
    assert killed.json()["code"] == "internal_error"
    assert set(killed.json()) == {"error", "code"}
    assert "X-Request-Id" in killed.headers


@contextmanager
def killed_after(wait_seconds: float, workers: list[int]) -> Iterator[None]:
    """Hold workers up, so that what is asked of them meanwhile is under way, and kill them.

    Nothing shows from outside whether a worker has been given its work. On a busy machine it may come later than the
    kill, and is then done by another one: the test looks at the answer, and tries again with a longer wait.
    """
    assert workers
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)

    def kill() -> None:
        for worker in workers:
            os.kill(worker, signal.SIGKILL)

    killing = threading.Timer(wait_seconds, kill)
    killing.start()
    try:
        yield
    finally:
        killing.join()


@pytest.mark.parametrize(
    ("function", "path"),
    [
        ("DiffRunFunction", "runs"),
        ("BuildGenerationFunction", "runs/{run}/apply"),
        ("PublishGenerationFunction", "runs/{run}/apply"),
    ],
)
def test_killed_task_fails_its_request_cleanly_and_a_retry_works(
    local_stack: StackProcess, function: str, path: str
) -> None:
    with local_stack.client() as api:
        source = api.post("v1/sources", json={"name": function}).json()["source"]["id"]

        def publish(content: str) -> str:
            item = {"externalItemId": "a", "title": "A", "content": content}
            assert api.post(f"v1/sources/{source}/items", json=item).is_success
            return str(api.post(f"v1/sources/{source}/runs").json()["run"]["id"])

        run = publish("first")
        assert api.post(f"v1/sources/{source}/runs/{run}/apply").is_success
        for wait_seconds in WAITS_SECONDS:
            url = f"v1/sources/{source}/" + path.format(run=publish(f"second, in {wait_seconds} s"))
            with killed_after(wait_seconds, local_stack.worker_pids(f"local-{function}")):
                answer = api.post(url)
            if not answer.is_success:
                break
        assert answer.status_code >= 500, answer.text
        assert set(answer.json()) == {"error", "code"}
        retried = api.post(url)
        assert retried.is_success, retried.text
        run = publish("third")
        assert api.post(f"v1/sources/{source}/runs/{run}/apply").json()["counts"]["updated"] == 1


def test_worker_that_died_between_requests_is_not_noticed(local_stack: Any) -> None:
    with local_stack.client() as api:
        assert api.get("v1/whoami").status_code == 200
        for worker in local_stack.worker_pids("local-DeveloperApiFunction"):
            os.kill(worker, signal.SIGKILL)
            eventually(lambda pid=worker: not alive(pid))
        assert api.get("v1/whoami").status_code == 200


def share_of_a_processor() -> float:
    """How much of a processor a process gets just now: 1 on a machine that has nothing else to do."""
    began, used = time.perf_counter(), time.thread_time()
    while time.thread_time() - used < 0.3:
        pass
    return min(1.0, 0.3 / (time.perf_counter() - began))


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_stopping_leaves_no_process_port_or_file(tmp_path: Path, ending: signal.Signals) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    stack = StackProcess(tmp_path, environment={"TMPDIR": str(scratch)})
    stack.start()
    with stack.client() as api:
        api.get("v1/whoami")
        url = str(api.base_url)
    children = children_of(stack.pid)
    before = share_of_a_processor()
    began = time.monotonic()
    os.kill(stack.pid, ending)
    assert stack.stop() == 0
    took = time.monotonic() - began
    # Others may have begun, or ended, while it stopped.
    soon = 2 / min(before, share_of_a_processor())
    assert took < soon
    eventually(lambda: not any(alive(pid) for pid in children), seconds=soon)
    assert not stack.credentials_path.exists()
    assert list(scratch.iterdir()) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_stack_that_ends_while_it_is_waited_for_is_told_with_its_console(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = StackProcess(tmp_path, "--template", "/nonexistent/template.yaml")
    with pytest.raises(pytest.fail.Exception, match="did not start: exit code 5"):
        stack.start()
    assert "error: template.yaml cannot be read" in capsys.readouterr().out


def test_killed_stack_takes_its_children_along(own_stack: Any) -> None:
    stack: StackProcess = own_stack()
    with stack.client() as api:
        api.get("v1/whoami")
    children = children_of(stack.pid)
    assert len(children) >= 3
    soon = 2 / share_of_a_processor()
    stack.kill()
    eventually(lambda: not any(alive(pid) for pid in children), seconds=soon)


def test_data_directory_serves_one_stack_at_a_time_and_loses_nothing_when_it_is_killed(
    own_stack: Any, tmp_path: Path
) -> None:
    data = str(tmp_path / "data")
    first: StackProcess = own_stack("--data", data)
    before = first.credentials
    # One content fits into its row, the other goes to S3.
    contents = {"small": "Refunds take 14 days.", "large": os.urandom(40_000).hex()}
    with first.client() as api:
        source = api.post("v1/sources", json={"name": "Help"}).json()["source"]["id"]
        for name, content in contents.items():
            body = {"externalItemId": name, "title": name, "content": content}
            assert api.post(f"v1/sources/{source}/items", json=body).status_code == 201
        run = api.post(f"v1/sources/{source}/runs").json()["run"]["id"]
        late = {"externalItemId": "late", "title": "late", "content": "after the run"}
        assert api.post(f"v1/sources/{source}/items", json=late).status_code == 201
    another = up("--port", "0", "--data", data)
    assert (another.returncode, "is in use by another local stack" in another.stderr) == (6, True)
    first.kill()

    second: StackProcess = own_stack("--data", data)
    # The key of the door is another at each start.
    anew = {"baseUrl": "", "accessKeyId": ""}
    assert second.credentials | anew == before | anew
    with second.client() as api:
        applied = api.post(f"v1/sources/{source}/runs/{run}/apply")
        assert applied.status_code == 200, applied.text
        path = f"v1/sources/{source}/generations/current/items?include=content"
        assert {item["externalItemId"]: item["content"] for item in api.get(path).json()["items"]} == contents
        second_run = api.post(f"v1/sources/{source}/runs").json()["run"]
        assert second_run["counts"]["added"] == 1


def test_stack_without_dynoxide_runs_on_moto_and_says_so(own_stack: Any) -> None:
    stack: StackProcess = own_stack(environment={"DYNOXIDE_PATH": "/nonexistent/dynoxide"})
    assert "warning: Dynoxide is not installed" in stack.console()
    with stack.client() as api:
        assert api.get("v1/whoami").status_code == 200


def test_credentials_are_for_their_owner_only(local_stack: Any) -> None:
    assert local_stack.credentials_path.stat().st_mode & 0o777 == 0o600
    assert set(local_stack.credentials) == {"baseUrl", "tenantId", "adminKey", "apiKey", "accessKeyId"}


def test_operator_bootstraps_a_tenant_with_lambda_invoke(local_stack: Any) -> None:
    import boto3

    origin = local_stack.credentials["baseUrl"].removesuffix("/api")
    settings = local_stack.environment
    client = boto3.client(
        "lambda",
        endpoint_url=origin,
        region_name="us-east-1",
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )
    answer = client.invoke(FunctionName="local-BootstrapTenantFunction", Payload=b'{"name": "Another"}')
    assert "FunctionError" not in answer
    bad = client.invoke(FunctionName="local-BootstrapTenantFunction", Payload=b'{"nome": "Another"}')
    assert bad["FunctionError"] == "Unhandled"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="local-NoSuchFunction")
