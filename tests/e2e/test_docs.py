"""Every command in the documentation, run as a reader would: a page is one bash session against the local stack."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.template import ROOT
from testing.resources import continuous_integration
from tests.contract.tenant import Tenant
from tests.e2e.npm_package import install_package
from tests.support.markdown_pages import SEPARATOR, Page, pages

PAGES = [page for page in pages() if any(block.runs for block in page.blocks)]
# What is large, or belongs to this machine.
NOT_COPIED = (
    *(".venv*", ".git", ".local", ".aws-sam", ".*_cache", ".hypothesis"),
    *("node_modules", "*.egg-info"),
)
# Less than pytest gives a test, so that a page which hangs shows what it printed.
PAGE_SECONDS = 600
# The trap names the page's own line, because the script has the page's lines.
SESSION = """
set -Eeuo pipefail
trap 'echo "$BASH_SOURCE:$LINENO: exit status $?" >&2' ERR
. "$1"
"""


@pytest.fixture
def reader(local_stack: Any, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a reader with a fresh tenant, in a fresh copy of the checkout."""
    for tool in ("bash", "curl", "jq", "uuidgen"):
        if shutil.which(tool) is None:
            (pytest.fail if continuous_integration() else pytest.skip)(f"{tool} is not installed")
    checkout = checkout_copy(tmp_path / "checkout")
    tenant = Tenant(local_stack)
    key = tenant.key()
    credentials = {
        "baseUrl": tenant.base_url,
        "tenantId": tenant.tenant_id,
        "adminKey": tenant.admin,
        "apiKey": key,
        "accessKeyId": local_stack.credentials["accessKeyId"],
    }
    (checkout / ".local").mkdir()
    (checkout / ".local" / "credentials.json").write_text(json.dumps(credentials))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    yield {
        "PATH": f"{checkout}/.venv/bin:{os.environ['PATH']}",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "CHATBOT_API": tenant.base_url,
        "CHATBOT_KEY": key,
        "CHATBOT_ADMIN_KEY": tenant.admin,
    }
    tenant.close()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_commands_do_what_the_page_says(
    page: Page, reader: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if page.path.parent.name == "javascript":
        package = request.getfixturevalue("npm_package")
        (tmp_path / "checkout" / "node_modules" / package.name).symlink_to(package)
    in_example = page.path.is_relative_to(ROOT / "examples")
    folder = tmp_path / "checkout" / (page.path.parent.relative_to(ROOT) if in_example else "")
    unfit = [str(block) for block in page.blocks if block.runs and not block.may_run]
    assert not unfit, "these install something or go on serving: nothing of the page is run until they are marked"
    status, output, errors = session(page.as_script(tmp_path / "pages"), folder, reader)
    assert status == 0, f"{output}\n{errors}".replace(f"{tmp_path}/pages/", "")
    printed = dict(zip((block.line for block in page.blocks if block.runs), outputs_of(output), strict=True))
    for block, following in zip(page.blocks, page.blocks[1:], strict=False):
        if following.language == "output":
            assert block.runs, f"{following}: the block before it is not run"
            assert matches(following.text, printed[block.line]), f"{following}: printed was\n{printed[block.line]}"
    assert list(printed.values())[-1], "let the last commands of the page end in something that can be seen"


def checkout_copy(target: Path) -> Path:
    """Copy the checkout, with an environment of its own that reads the real one and can't change it.

    A link to the real .venv would let a page's `make` or `pip` install the copy into it, for everybody else too.
    """
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*NOT_COPIED))
    venv.create(target / ".venv", symlinks=True, with_pip=False)
    [site] = (target / ".venv").glob("lib/python*/site-packages")
    # The page's reader has installed the packages of Python and of npm.
    (site / "real.pth").write_text(f"{sysconfig.get_path('purelib')}\n{target}/clients/python/src\n")
    command = target / ".venv" / "bin" / "kb"
    command.write_text('#!/bin/sh\nexec python -m knowledge_client.command "$@"\n')
    command.chmod(0o755)
    (target / "node_modules").mkdir()
    for package in (ROOT / "node_modules").glob("[!.]*"):
        (target / "node_modules" / package.name).symlink_to(package)
    return target


@pytest.fixture(scope="module")
def npm_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The TypeScript package as npm installs it."""
    modules = tmp_path_factory.mktemp("npm") / "node_modules"
    install_package(modules)
    return modules / "knowledge-client"


def session(script: Path, folder: Path, environment: dict[str, str]) -> tuple[int, str, str]:
    """Run a page; one that hangs is ended with all that it started, and fails."""
    command = ["bash", "-c", SESSION, "bash", str(script)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as running:
        try:
            output, errors = running.communicate(timeout=PAGE_SECONDS)
        except subprocess.TimeoutExpired:
            # The session is a process group of its own, so nothing but the page is met.
            os.killpg(running.pid, signal.SIGKILL)
            output, errors = running.communicate()
            errors += f"\nit did not end within {PAGE_SECONDS} s"
        except BaseException:
            os.killpg(running.pid, signal.SIGKILL)
            raise
        return running.returncode, output, errors


def outputs_of(stdout: str) -> list[str]:
    """Part what a page printed at the marks after its blocks."""
    return [output.strip() for output in re.split(rf"{SEPARATOR}\d+\n", stdout)[:-1]]


def matches(told: str, printed: str) -> bool:
    """Compare an output with what a page says it is; `...` stands for anything."""
    return re.fullmatch(".*?".join(map(re.escape, told.strip().split("..."))), printed, re.DOTALL) is not None


def test_three_dots_stand_for_anything_and_nothing_else_does() -> None:
    assert matches('{"id": "...", "n": 1}\n', '{"id": "src_1", "n": 1}')
    assert not matches('{"id": "...", "n": 1}', '{"id": "src_1", "n": 2}')
