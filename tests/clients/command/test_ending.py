"""How a command ends: what each error says, and with what exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import knowledge_client
import pytest

from tests.clients.client.scripted import KEY
from tests.clients.command.driver import Kb, pages, said


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (400, "validation_error", 4),
        (401, "invalid_key", 4),
        (403, "insufficient_scope", 4),
        (404, "not_found", 4),
        (409, "publishing_locked", 4),
        (409, "removal_guard", 3),
        (429, "rate_limited", 4),
        (500, "internal_error", 5),
        (503, "unavailable", 5),
    ],
)
def test_refusal_is_told_with_its_code_its_request_and_what_to_do(
    kb: Kb, status: int, code: str, exit_code: int
) -> None:
    kb.answering = lambda _: said(status, code)
    ended = kb("status")
    assert (ended.code, ended.out) == (exit_code, "")
    problem, following = ended.err.splitlines()
    assert problem == f"error: GET /api/v1/sources: about {code} ({code}), request of-{code}"
    assert following.startswith("Next: ")
    ended = kb("status", "--json")
    assert ended.code == ended.document["exitCode"] == exit_code
    assert (ended.document["error"]["code"], ended.document["error"]["requestId"]) == (code, f"of-{code}")
    assert ended.err == ""


@pytest.mark.parametrize(
    "answer", [httpx.Response(404, text="<h1>Not found</h1>"), httpx.Response(200, text="Welcome to the hotel")]
)
def test_what_is_not_the_api_is_a_matter_of_the_network(kb: Kb, answer: httpx.Response) -> None:
    kb.answering = lambda _: answer
    assert kb("status").code == 5


def test_no_answer_is_a_matter_of_the_network(kb: Kb) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody is there", request=request)

    kb.answering = broken
    ended = kb("status")
    assert (ended.code, len(kb.requests)) == (5, 3)
    assert "nobody is there" in ended.err


@pytest.mark.parametrize("arguments", [[], ["keys"]])
def test_saying_nothing_asks_what_there_is_to_say(kb: Kb, arguments: list[str]) -> None:
    ended = kb(*arguments)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Usage: kb")
    assert "\nCommands:\n" in ended.out
    assert kb.requests == []


def test_pipe_that_nobody_reads_any_more_is_no_fault(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-m", "knowledge_client.command", "init", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(knowledge_client.__file__).parents[1])},
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")
    assert (tmp_path / "kb.toml").exists()


def test_ctrl_c_is_told_in_a_line(kb: Kb) -> None:
    def interrupt(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    kb.answering = interrupt
    ended = kb("status")
    assert (ended.code, ended.err.split("\n")[1]) == (130, "interrupted: stopped in the middle (interrupted)")


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["nonsense"], "kb"),
        (["status", "--nonsense"], "kb status"),
        (["--nonsense"], "kb"),
        # What click says of it has several lines.
        (["import", "x"], "kb import"),
        (["keys", "nonsense"], "kb keys"),
    ],
)
def test_wrong_use_does_not_end_as_changes_do(kb: Kb, arguments: list[str], command: str) -> None:
    ended = kb(*arguments)
    assert (ended.code, ended.out) == (3, "")
    problem, following = ended.err.splitlines()
    assert problem.endswith(" (usage)")
    assert "\\n" not in problem + following
    assert following.startswith(f"Next: See {command} --help. Usage: {command} ")
    assert kb("--help").code == kb("status", "--help").code == kb("--version").code == 0
    assert kb.requests == []


@pytest.mark.parametrize(
    "base_url", ["https://host.example", "https://host.example/api/", "https://host.example/api/v1"]
)
def test_address_is_taken_with_its_path_and_without(kb: Kb, base_url: str) -> None:
    kb.answering = lambda _: pages("sources", [])
    assert kb("--base-url", base_url, "status").code == 0
    assert kb("status", "--base-url", base_url).code == 0
    assert {each.url.path for each in kb.requests} == {"/api/v1/sources"}


def test_address_or_key_that_is_none_is_said_before_anything_is_sent(kb: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = kb("status", "--base-url", "host")
    assert (ended.code, "begins with http:// or https://" in ended.err) == (3, True)
    ended = kb("status", "--base-url", "")
    assert (ended.code, "the address is missing" in ended.err) == (3, True)
    monkeypatch.delenv("CHATBOT_KEY")
    ended = kb("status")
    assert (ended.code, "CHATBOT_KEY" in ended.err) == (3, True)
    monkeypatch.setenv("CHATBOT_KEY", "two words")
    ended = kb("status")
    assert (ended.code, "two words" in ended.err) == (3, False)
    assert kb.requests == []


def test_key_with_a_line_feed_is_that_key(kb: Kb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kb.answering = lambda _: pages("sources", [])
    monkeypatch.setenv("CHATBOT_KEY", f"{KEY}\n")
    assert kb("status").code == 0
    monkeypatch.delenv("CHATBOT_KEY")
    (tmp_path / "key").write_text(f"{KEY}\r\n")
    assert kb("status", "--key-file", str(tmp_path / "key")).code == 0
    assert {each.headers["Authorization"] for each in kb.requests} == {f"Bearer {KEY}"}
    ended = kb("status", "--key-file", str(tmp_path / "none"))
    assert (ended.code, "--key-file" in ended.err) == (3, True)


def test_certificates_and_proxies_that_are_none_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from knowledge_client.command import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHATBOT_KEY", KEY)
    (tmp_path / "no.pem").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "no.pem"))
    assert main(["status", "--base-url", "https://host.example"]) == 3
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("HTTPS_PROXY", "nonsense://x")
    assert main(["status", "--base-url", "https://host.example"]) == 3


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from knowledge_client.command import main

    for name in [each for each in sys.modules if each.startswith("knowledge_client.command.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "click", None)
    assert main(["status"]) == 3
    assert 'pip install "knowledge-client[kb]"' in capsys.readouterr().err
