"""The TypeScript package as users get it: built and packed once, its rules by node's test runner, and over the wire."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import knowledge_client
import pytest
from knowledge_client import KnowledgeClient, retrying

from local.template import ROOT
from testing import spec
from tests.clients.client.readme import assert_printed, script_of
from tests.contract.tenant import Tenant
from tests.e2e.client_checks import CLIENT_CHECKS, Call, answers_of_something_else_are_errors
from tests.e2e.driver_process import Driver
from tests.e2e.receiver_checks import BODY, EVENT, FOREIGN_SECRET, NEXT_SECRET, SECRET, rejected_messages, signed

PACKAGE = ROOT / "clients" / "typescript"
TOOLS = PACKAGE / "node_modules" / ".bin"
HERE = Path(__file__).parent
DESCRIBED = json.loads((PACKAGE / "package.json").read_text("utf-8"))
# What the package does more carefully has a test of its own.
OTHERWISE = (answers_of_something_else_are_errors,)
# What one language has and the other has no use for: in Python alone, in TypeScript alone.
ONLY_IN = {
    # fetch has no connections to close.
    "client": (("close",), ()),
    # A page shows the report of an import by its link.
    "imports": (("faults",), ()),
    # Python has `list()` for it.
    "listing": ((), ("toArray",)),
    # These are types in TypeScript; and only JavaScript loses digits of a line of JSON that it reads.
    "package": (("Fault", "Listing", "Retries"), ("contentHashOfJson",)),
}


@pytest.fixture(scope="module")
def driver(node: str, environment: dict[str, str]) -> Iterator[Driver]:
    with Driver(node, HERE / "driver.mjs", environment=environment) as process:
        yield process


def run(*command: str | Path, **more: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["requests", "sets", "exports"])
def test_rules(name: str, node: str, environment: dict[str, str]) -> None:
    run(node, "--test-reporter=tap", HERE / f"{name}.test.mjs", env=environment)


@pytest.mark.parametrize(
    "check", [check for check in CLIENT_CHECKS if check not in OTHERWISE], ids=lambda check: check.__name__
)
def test_client(check: Callable[[Call], None], driver: Driver) -> None:
    check(driver.call)


def test_same_errors_are_tried_again_as_in_python(driver: Driver) -> None:
    codes = driver.ask(operation="codes")["result"]
    for name, listed in codes.items():
        assert set(listed) == getattr(retrying, name)


@pytest.mark.parametrize("name", rejected_messages())
def test_webhook_that_is_not_signed_is_refused(name: str, driver: Driver) -> None:
    status, body, headers = rejected_messages()[name]
    error = driver.verify(body, headers, SECRET, NEXT_SECRET)["error"]
    assert (error["name"], error["status"]) == ("UnverifiedWebhookError", status)


def test_webhook_signed_by_either_secret_is_taken(driver: Driver) -> None:
    for secret in (SECRET, NEXT_SECRET):
        headers = {name.title(): value for name, value in signed(BODY, secret).items()}
        assert driver.verify(BODY, headers, SECRET, NEXT_SECRET)["result"] == EVENT
    assert driver.verify(BODY, signed(BODY, FOREIGN_SECRET, SECRET), SECRET)["result"] == EVENT
    assert driver.verify(BODY, signed(BODY, NEXT_SECRET), SECRET)["error"]["status"] == 401
    for secret in ("whsec_not base64!", "whsec_ä", "whsec_abc", "whsec_"):
        error = driver.verify(BODY, signed(), secret)["error"]
        assert error["name"] == "InvalidArgumentError"
        assert error["message"] == "a secret of webhooks is whsec_ and base64; copy it anew"


def test_types_are_those_of_the_contract(node: str, tmp_path: Path) -> None:
    command = DESCRIBED["scripts"]["types"].replace("src/models.ts", str(tmp_path / "models.ts")).split()
    run(TOOLS / command[0], *command[1:], cwd=PACKAGE)
    made = (tmp_path / "models.ts").read_text("utf-8")
    assert (PACKAGE / "src" / "models.ts").read_text("utf-8") == made, "run `make reference`"


def test_every_operation_of_the_contract_has_a_method() -> None:
    """By their paths, as they stand in the code; assistants speak to /v1/mcp by a protocol of their own."""
    code = "\n".join(path.read_text("utf-8") for path in (PACKAGE / "src").rglob("*.ts") if path.stem != "models")
    paths = {*re.findall(r'"(/v1/[\w/]+|/health)"', code), "/v1/sources/{}/items/snapshot"}
    for arguments in re.findall(r"pathTo\(((?:[^()]|\(\w+\))*)\)", code):
        parts = re.findall(r'"([\w-]+)"|(\w+Id)|(String\()', arguments)
        paths.add("/v1/" + "/".join(word or "{}" for word, _, _ in parts))
    wanted = {re.sub(r"\{\w+\}", "{}", each.path) for each in spec.operations()} - {"/v1/mcp"}
    assert wanted - paths == set()


def test_package_is_the_python_package_s_twin_and_needs_nothing() -> None:
    assert DESCRIBED["sideEffects"] is False
    assert not {"dependencies", "peerDependencies", "optionalDependencies"} & DESCRIBED.keys()
    assert all(re.fullmatch(r"[\d.]+", version) for version in DESCRIBED["devDependencies"].values())
    assert f'VERSION = "{DESCRIBED["version"]}"' in (PACKAGE / "src" / "version.ts").read_text("utf-8")


def test_package_has_what_the_python_package_has_and_no_more(driver: Driver) -> None:
    theirs = driver.ask(operation="surface")["result"]
    with KnowledgeClient("https://host", "k") as client:
        ours = {name: members(part) for name, part in vars(client).items() if not name.startswith("_")}
        ours |= {"client": members(client), "listing": members(client.sources.list())}
    named = {name: vars(knowledge_client)[name] for name in knowledge_client.__all__}
    ours["package"] = {camel(name) for name, each in named.items() if callable(each)}
    found = {name: (set(theirs.get(name, [])), ours.get(name, set())) for name in {*theirs, *ours}}
    lacking = {name: (sorted(mine - its), sorted(its - mine)) for name, (its, mine) in found.items() if its != mine}
    assert lacking == {name: ([*both[0]], [*both[1]]) for name, both in ONLY_IN.items()}


def members(of: object) -> set[str]:
    return {camel(name) for name in vars(type(of)) if not name.startswith("_")}


def camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda letter: letter.group(1).upper(), name)


def test_tarball_tells_nothing_of_when_it_was_made_and_runs_in_browsers(packed: Path) -> None:
    with tarfile.open(packed) as tarball:
        held = {each.name.removeprefix("package/"): each for each in tarball.getmembers()}
        built = [name for name in held if name.endswith(".js")]
        code = "".join(tarball.extractfile(held[name]).read().decode() for name in built)  # type: ignore[union-attr]
    modules = {path.relative_to(PACKAGE / "src").with_suffix("") for path in (PACKAGE / "src").rglob("*.ts")}
    files = {f"dist/{module}{suffix}" for module in modules for suffix in (".js", ".d.ts")}
    assert held.keys() == files | {"LICENSE", "README.md", "package.json"}
    # Nothing of Node is imported, and nothing is there but by `globalThis`.
    assert not re.search(r'from "(?!\.)|import\("|\bBuffer\b|\brequire\(', code)
    # Whoever builds it again gets the same bytes: one time and one owner for all.
    assert {(each.mtime, each.uid, each.gid, each.mode) for each in held.values()} == {(499162500, 0, 0, 0o644)}
    assert packed.read_bytes()[4:8] == bytes(4)


@pytest.mark.long
def test_readme_is_typed_and_runs_from_the_tarball(packed: Path, node: str, tenant: Tenant, tmp_path: Path) -> None:
    npm = shutil.which("npm")
    assert npm
    (tmp_path / "package.json").write_text("{}")
    run(npm, "install", "--offline", "--no-audit", "--no-fund", "--silent", packed, cwd=tmp_path)
    code, expected = script_of(PACKAGE / "README.md", "typescript", "console.log")
    (tmp_path / "readme.mts").write_text(code, "utf-8")
    types = PACKAGE / "node_modules" / "@types"
    options = "--strict --exactOptionalPropertyTypes --skipLibCheck --target es2022 --module nodenext --types node"
    run(TOOLS / "tsc", *options.split(), "--typeRoots", types, "readme.mts", cwd=tmp_path)
    path = os.environ["PATH"]
    known = {"PATH": path, "CHATBOT_API": f"{tenant.base_url}/", "CHATBOT_KEY": f"{tenant.token}\n", "NO_COLOR": "1"}
    assert_printed(run(node, "readme.mjs", cwd=tmp_path, env=known), expected)
