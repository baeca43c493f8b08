"""examples/csharp compiled and run, and its client and verification over the wire."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

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

CSHARP = EXAMPLES / "csharp"
CLIENT = CSHARP / "DeveloperApi"
# What tests/e2e/install_dotnet.sh installs.
INSTALLED = ROOT / ".venv-dotnet"
OPENSSL = INSTALLED / "openssl"
RUNTIME = INSTALLED / "runtime" / "dotnetcore2" / "bin"
RUNTIME_CONFIG = {"runtimeOptions": {"framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"}}}


@dataclass(frozen=True)
class Programs:
    """The compiled programs: each a command, and the environment that the runtime needs."""

    example: tuple[str, ...]
    driver: tuple[str, ...]
    environment: dict[str, str]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    compiler = require_tool("mcs")
    for part in (RUNTIME / "dotnet", OPENSSL / "libssl.so.1.1"):
        if not part.exists():
            require_tool(f"{part.relative_to(ROOT)} of tests/e2e/install_dotnet.sh")
    folder = tmp_path_factory.mktemp("csharp")
    launcher = folder / "dotnet"
    # The receiver and the walk-through get an environment of their own, so what the runtime needs is put in here.
    launcher.write_text(
        f'#!/bin/sh\nLD_LIBRARY_PATH="{OPENSSL}" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 exec "{RUNTIME}/dotnet" "$@"\n'
    )
    launcher.chmod(0o755)

    def built(name: str, main: str, *more: Path) -> tuple[str, ...]:
        program = folder / f"{name}.dll"
        options = ["-langversion:latest", "-noconfig", "-nostdlib", "-warnaserror", f"-main:{main}", f"-out:{program}"]
        sources = [str(source) for source in (*sorted(CSHARP.glob("*.cs")), *sorted(CLIENT.glob("*.cs")), *more)]
        # 1702 is about the runtime's assemblies, which name each other in several versions.
        run_example(compiler, *options, "-nowarn:1702", *references(), *sources, environment=dict(os.environ))
        (folder / f"{name}.runtimeconfig.json").write_text(json.dumps(RUNTIME_CONFIG))
        return str(launcher), str(program)

    return Programs(
        built("quickstart", "Chatbot.Program"),
        built("driver", "Driver", ROOT / "tests" / "e2e" / "csharp_driver.cs"),
        {"PATH": os.environ["PATH"]},
    )


def references() -> list[str]:
    [framework] = (RUNTIME / "shared" / "Microsoft.NETCore.App").iterdir()
    names = [
        name
        for pattern in ("System.*.dll", "Microsoft.*.dll", "netstandard.dll", "mscorlib.dll")
        for name in framework.glob(pattern)
    ]
    return [f"-r:{name}" for name in sorted(names) if "WindowsRuntime" not in name.name]


@pytest.fixture(scope="module")
def driver(programs: Programs) -> Iterator[Driver]:
    """One process for all calls of the client and of the verification."""
    with Driver(*programs.driver, environment=programs.environment) as process:
        yield process


@pytest.mark.parametrize("check", CLIENT_CHECKS, ids=lambda check: check.__name__)
def test_client(check: Callable[[Call], None], driver: Driver) -> None:
    check(driver.call)


def test_quickstart_publishes_what_it_says(local_stack: StackProcess, programs: Programs) -> None:
    done = run_example(*programs.example, environment=environment_of(local_stack))
    assert "read back: Refunds take 14 days.\n" in done.stdout
    assert "and again: the same answer\n" in done.stdout
    check_walk_through(local_stack, done.stdout)


def test_quickstart_says_what_is_missing_or_refused(programs: Programs) -> None:
    check_complaints(*programs.example, environment=programs.environment, path="/api/v1/sources")


def test_receiver_prints_each_verified_event_once(programs: Programs) -> None:
    check_receiver(*programs.example, "receive")


def test_receiver_says_how_it_is_used(programs: Programs) -> None:
    for arguments in (("serve",), ("receive", "--port", "x"), ("receive", "--prot", "1")):
        done = run_example(*programs.example, *arguments, environment=programs.environment, code=2)
        assert "WEBHOOK_SECRET" in done.stderr
    check_receiver_complaints(*programs.example, "receive")


def test_query_without_a_value_is_refused_and_not_left_out(driver: Driver) -> None:
    given = ["src_none", ["include=content"]]
    told = driver.ask(operation="pages", baseUrl="http://127.0.0.1:9", key="k", arguments=given)
    assert (told["error"]["name"], "a name and a value" in told["error"]["message"]) == ("ArgumentException", True)


@pytest.mark.parametrize("name", rejected_messages())
def test_message_that_is_not_signed_is_refused(name: str, driver: Driver) -> None:
    status, body, headers = rejected_messages()[name]
    error = driver.verify(body, headers, SECRET, NEXT_SECRET)["error"]
    assert (error["name"], error["status"]) == ("UnverifiedWebhookException", status)


def test_message_signed_by_either_secret_is_taken(driver: Driver) -> None:
    for secret in (SECRET, NEXT_SECRET):
        headers = {name.title(): value for name, value in signed(BODY, secret).items()}
        assert driver.verify(BODY, headers, SECRET, NEXT_SECRET)["result"] == EVENT
    assert driver.verify(BODY, signed(BODY, NEXT_SECRET), SECRET)["error"]["status"] == 401


def test_secret_that_was_copied_badly_is_told(driver: Driver) -> None:
    for secret in ("whsec_", "whsec_not base64!"):
        assert "copy it anew" in driver.verify(BODY, signed(), secret)["error"]["message"]
