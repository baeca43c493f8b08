"""Clients that tools make of openapi.yaml: each is made, its types are checked, and it runs the quickstart.

Two of them here; GENERATED_CLIENTS=all, as `make soak` has it, makes those of openapi-generator, too. The quickstarts
are in `clients/`, and are checked with their clients, in the strict modes of mypy and tsc.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.template import ROOT
from testing import spec
from testing.resources import continuous_integration

CLIENTS = Path(__file__).parent / "clients"
MODULES = ROOT / "node_modules"
PACKAGE = "knowledge_api"
TSC = [
    *("--strict", "--skipLibCheck"),
    *("--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext"),
]


def require(path: str | Path | None, what: str) -> str:
    """Find a tool, or leave the test out where it may be."""
    if path is None or not Path(path).exists():
        (pytest.fail if continuous_integration() else pytest.skip)(f"{what} is not installed")
    return str(path)


def in_python(tool: str) -> str:
    return require(Path(sys.executable).with_name(tool), tool)


def of_npm(tool: str) -> str:
    return require(MODULES / ".bin" / tool, f"{tool} of npm")


def run(command: list[str], folder: Path, **more: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **more}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-4_000:]}{done.stderr[-4_000:]}"
    return done.stdout


def openapi_python_client(folder: Path) -> None:
    (folder / "settings.yaml").write_text("post_hooks: []\n")
    where = ["--path", str(spec.PATH), "--output-path", str(folder / PACKAGE), "--config", "settings.yaml"]
    run([in_python("openapi-python-client"), "generate", "--fail-on-warning", "--meta", "none", *where], folder)


def openapi_typescript(folder: Path) -> None:
    run([of_npm("openapi-typescript"), str(spec.PATH), "--output", f"{PACKAGE}.d.ts"], folder)


def openapi_generator(kind: str, folder: Path) -> None:
    made = folder / "made"
    tool = in_python("openapi-generator-cli")
    options = f"packageName={PACKAGE},importFileExtension=.js"
    run([tool, "generate", "-i", str(spec.PATH), "-g", kind, "-o", str(made), "-p", options], folder)
    shutil.move(made / PACKAGE if kind == "python" else made, folder / PACKAGE)


def python_quickstart(folder: Path, script: str, access: dict[str, str]) -> str:
    # openapi-generator's own code is not for mypy's strict mode: the quickstart alone is held to its types.
    lenient = ["--follow-imports=silent", "--ignore-missing-imports"] if script in MORE else []
    run([in_python("mypy"), "--strict", "--config-file=", "--cache-dir=types", *lenient, script], folder)
    return run([sys.executable, script], folder, **access)


def typescript_quickstart(folder: Path, script: str, access: dict[str, str]) -> str:
    node = require(shutil.which("node"), "node")
    (folder / "node_modules").symlink_to(MODULES)
    (folder / "package.json").write_text('{"type": "module"}')
    # What openapi-generator makes has code of its own, which is strict and no stricter.
    stricter = [] if script in MORE else ["--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"]
    run([of_npm("tsc"), *TSC, *stricter, script], folder)
    return run([node, script.replace(".ts", ".js")], folder, **access)


Make = Callable[[Path], None]
USUAL: dict[str, Make] = {"openapi_python_client.py": openapi_python_client, "openapi_fetch.ts": openapi_typescript}
MORE: dict[str, Make] = {
    "openapi_generator.py": lambda folder: openapi_generator("python", folder),
    "typescript_fetch.ts": lambda folder: openapi_generator("typescript-fetch", folder),
}
TESTED = USUAL | MORE if os.environ.get("GENERATED_CLIENTS") == "all" else USUAL


@pytest.mark.timeout(600)
@pytest.mark.parametrize("script", TESTED)
def test_generated_client_compiles_and_runs_the_quickstart(script: str, local_stack: Any, tmp_path: Path) -> None:
    TESTED[script](tmp_path)
    shutil.copy(CLIENTS / script, tmp_path)
    access = {"CHATBOT_API": local_stack.credentials["baseUrl"], "CHATBOT_KEY": local_stack.credentials["apiKey"]}
    quickstart = python_quickstart if script.endswith(".py") else typescript_quickstart
    assert quickstart(tmp_path, script, access).strip() == "Refunds take 14 days."


def test_every_quickstart_is_run() -> None:
    assert {path.name for path in CLIENTS.iterdir() if path.is_file()} == USUAL.keys() | MORE.keys()
