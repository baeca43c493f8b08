"""The package as users get it: built, the same bytes each time, and installed into an empty environment."""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import knowledge_client
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.template import ROOT
from testing import spec
from testing.resources import continuous_integration
from tests.clients.client.readme import assert_printed, script_of
from tests.contract.tenant import Tenant
from tests.support.requirements import hashes_of, pins_of

PACKAGE = ROOT / "clients" / "python"
README = PACKAGE / "README.md"
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))
# `make soak` names the others: CLIENT_PYTHONS="3.11 3.12 3.13".
PYTHONS = os.environ.get("CLIENT_PYTHONS", "").split() or [f"{sys.version_info[0]}.{sys.version_info[1]}"]


def loaded(name: str, path: Path) -> Any:
    found = importlib.util.spec_from_file_location(name, path)
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("dist")
    files = loaded("release_clients", ROOT / "setup" / "release_clients.py").release(folder, typescript=False)
    return {re.sub(r"^knowledge_client-[\d.]+(-py3-none-any)?\.?", "", file.name): file for file in files}


@pytest.fixture
def tenant(local_stack: Any) -> Iterator[Tenant]:
    tenant = Tenant(local_stack)
    yield tenant
    tenant.close()


def interpreter(version: str) -> str:
    """Find a Python by its version, on the PATH or where pyenv keeps them; skip where there is none."""
    candidates = [sys.executable, *(found for found in [shutil.which(f"python{version}")] if found)]
    candidates += [str(path) for path in Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
    for each in candidates:
        told = subprocess.run(
            [each, "-c", "import sys; print(*sys.version_info[:2], sep='.')"],
            capture_output=True,
            text=True,
            check=False,
        )
        if told.stdout.strip() == version:
            return each
    return missing(f"Python {version} is not installed")


def missing(reason: str) -> NoReturn:
    if continuous_integration():
        pytest.fail(reason)
    pytest.skip(reason)


def test_types_are_those_of_the_contract() -> None:
    generator = loaded("write_models", PACKAGE / "write_models.py")
    assert generator.TARGET.read_text("utf-8") == generator.rendered(), "run `make reference`"


def test_core_needs_httpx_alone_and_the_lock_has_it() -> None:
    assert [re.split(r"[<>=]", requirement)[0] for requirement in PROJECT["project"]["dependencies"]] == ["httpx"]
    # Users get ranges; what was tested, extras included, stands in the lock.
    extras = PROJECT["project"].get("optional-dependencies", {}).values()
    wanted = [Requirement(each) for each in [*PROJECT["project"]["dependencies"], *itertools.chain(*extras)]]
    locked = {canonicalize_name(name): version for name, version in pins_of(PACKAGE / "requirements.txt").items()}
    for each in wanted:
        if each.name != PROJECT["project"]["name"]:
            assert locked[canonicalize_name(each.name)] in each.specifier, "run `make lock`"
    assert all(hashes_of(PACKAGE / "requirements.txt").values())


def test_build_backend_is_the_one_that_is_installed() -> None:
    developing = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["dev"]
    assert PROJECT["build-system"]["requires"][0] in developing


def test_every_operation_of_the_contract_has_a_method() -> None:
    """By their paths, as they stand in the code; assistants speak to /v1/mcp by a protocol of their own."""
    code = "\n".join(path.read_text("utf-8") for path in (PACKAGE / "src" / "knowledge_client").rglob("*.py"))
    paths = {re.sub(r"\w+_id\b", "{}", path) for path in written_paths(code)}
    wanted = {re.sub(r"\{\w+\}", "{}", each.path) for each in spec.operations()} - {"/v1/mcp"}
    assert wanted - paths == set()


def written_paths(code: str) -> Iterator[str]:
    yield from re.findall(r'"(/v1/[\w/]+|/health)"', code)
    for arguments in re.findall(r"path_to\(([^)]*(?:str\(number\))?[^)]*)\)", code):
        parts = re.findall(r'"([\w-]+)"|(\w+_id)|(str\(number)', arguments)
        yield "/v1/" + "/".join(word or "{}" for word, _, _ in parts)
    yield "/v1/sources/{}/items/snapshot"


@pytest.mark.long
def test_release_is_the_same_bytes_each_time(built: dict[str, Path], tmp_path: Path) -> None:
    loaded("release_clients", ROOT / "setup" / "release_clients.py").build(tmp_path)
    again = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert len(again) == 2
    assert again.items() <= {file.name: file.read_bytes() for file in built.values()}.items()
    for line in built["SHA256SUMS"].read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((built["whl"].parent / name).read_bytes()).hexdigest() == digest


@pytest.mark.long
def test_release_holds_the_package_and_its_types_and_nothing_else(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["whl"]) as wheel:
        names = set(wheel.namelist())
        metadata = next(wheel.read(name).decode() for name in names if name.endswith("METADATA"))
    modules = {path.relative_to(PACKAGE / "src").as_posix() for path in (PACKAGE / "src").rglob("*.py")}
    assert {name for name in names if ".dist-info/" not in name} == modules | {"knowledge_client/py.typed"}
    assert f"Version: {knowledge_client.__version__}\n" in metadata
    assert "License-Expression: Apache-2.0\n" in metadata


@pytest.mark.long
def test_bill_of_materials_names_what_is_needed(built: dict[str, Path]) -> None:
    materials = json.loads(built["cdx.json"].read_text("utf-8"))
    assert materials["bomFormat"] == "CycloneDX"
    assert materials["metadata"]["component"]["name"] == "knowledge-client"
    assert "serialNumber" not in materials
    named = {(each["name"], each["version"]) for each in materials["components"]}
    assert named == set(pins_of(PACKAGE / "requirements.txt").items())


@pytest.mark.long
def test_readme_is_typed(tmp_path: Path) -> None:
    script = tmp_path / "readme.py"
    script.write_text(script_of(README)[0], "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, script]
    done = subprocess.run(
        command,
        env={**os.environ, "MYPYPATH": str(PACKAGE / "src"), "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.parametrize("version", PYTHONS)
def test_readme_runs_from_the_wheel(version: str, built: dict[str, Path], tenant: Tenant, tmp_path: Path) -> None:
    empty = tmp_path / "environment"
    subprocess.run([interpreter(version), "-m", "venv", "--without-pip", empty], check=True)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "--python",
        str(empty / "bin" / "python"),
    ]
    done = subprocess.run([*pip, "install", built["whl"]], capture_output=True, text=True, check=False)
    if "No matching distribution" in done.stderr or "connection" in done.stderr.lower():
        missing(f"pip reaches no packages: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    code, expected = script_of(README)
    run = subprocess.run(
        [empty / "bin" / "python", "-W", "error", "-c", code],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "CHATBOT_API": tenant.base_url, "CHATBOT_KEY": tenant.token},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert_printed(run.stdout, expected)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "refunds.md").write_text("# Refunds\n\nRefunds take 14 days.\n")

    def kb(*arguments: str) -> tuple[int, str]:
        called = subprocess.run(
            [empty / "bin" / "kb", *arguments],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "CHATBOT_API": tenant.base_url, "CHATBOT_KEY": tenant.token},
            capture_output=True,
            text=True,
            check=False,
        )
        return called.returncode, called.stdout + called.stderr

    told = kb("--help")
    assert (told[0], 'pip install "knowledge-client[kb]"' in told[1]) == (3, True), told
    subprocess.run([*pip, "install", f"{built['whl']}[kb]"], check=True)
    told = kb("--help")
    assert (told[0], "Exit codes: 0 done" in told[1]) == (0, True), told
    assert kb("--version") == (0, f"kb, version {knowledge_client.__version__}\n")
    assert [kb(*command)[0] for command in (("init", "docs"), ("diff",), ("apply",), ("diff",))] == [0, 2, 0, 0]
