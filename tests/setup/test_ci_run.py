"""`.ci/run` in a plain clone: it needs what lies in `.ci/` and nothing beside the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local.template import ROOT

SCRIPTS = sorted(
    path
    for folder in (".ci", "setup")
    for path in (ROOT / folder).rglob("*")
    if path.is_file() and path.suffix != ".pyc"
)
# Stands in for make: notes its target, and what of the environment the tests look at.
MAKE = """\
#!/usr/bin/env bash
echo "make $* CI=$CI docker=${DOCKER_HOST:-none} description=$(basename "${PUBLISHED_DESCRIPTION:-none}")"
"""


class Clone:
    """A folder with `.ci/run`, a make and a Docker that only pretend."""

    def __init__(self, folder: Path) -> None:
        self.root, self._programs = folder / "clone", folder / "programs"
        (self.root / ".ci").mkdir(parents=True)
        shutil.copy(ROOT / ".ci" / "run", self.root / ".ci")
        self._programs.mkdir()
        self.write(self._programs / "make", MAKE)

    def run(self, docker: str, **environment: str) -> tuple[int, list[str]]:
        """Run it; returns the exit status and the lines that were said."""
        self.write(self.root / ".ci" / "docker.sh", f"#!/usr/bin/env bash\n{docker}\n")
        kept = {"PATH": f"{self._programs}{os.pathsep}{os.environ['PATH']}", **environment}
        done = subprocess.run(
            [self.root / ".ci" / "run"], env=kept, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, (done.stdout + done.stderr).splitlines()

    @staticmethod
    def write(path: Path, script: str) -> None:
        path.write_text(script)
        path.chmod(0o755)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_lints_and_tests_with_docker(clone: Clone) -> None:
    assert clone.run("echo export DOCKER_HOST=unix:///some.sock") == (
        0,
        [
            "make lint CI=true docker=none description=none",
            "make test CI=true docker=unix:///some.sock description=none",
        ],
    )


def test_missing_docker_fails_in_ci_and_is_told(clone: Clone) -> None:
    status, said = clone.run("echo no daemon starts >&2; exit 1")
    assert (status, said) == (1, ["make lint CI=true docker=none description=none", "no daemon starts"])


def test_missing_docker_skips_outside_ci(clone: Clone) -> None:
    status, said = clone.run("exit 1", CI="false")
    assert (status, said[1]) == (0, "make test CI=false docker=none description=none")
    assert said[-1] == "note: no Docker, so the tests in containers are skipped"


def test_finds_the_published_description_where_it_lies_beside(clone: Clone) -> None:
    beside = clone.root.parent / "shared" / "reference"
    beside.mkdir(parents=True)
    (beside / "published-description.txt").touch()
    _, said = clone.run("true")
    assert said[-1] == "make test CI=true docker=none description=published-description.txt"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_scripts_need_nothing_beside_the_checkout_and_name_no_host(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "../shared" not in text or path.name == "run"
    # Packages and images come from wherever the machine has them.
    assert re.findall(r"\bhttps?://\S+", text) == []
