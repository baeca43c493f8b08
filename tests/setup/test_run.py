"""`make test`, `make check` and `make soak`: each test is run once, and the other tiers run when one fails."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path

import pytest

from local.template import ROOT

# Stands in for pytest: notes what it was to run, and fails where it was told to.
PYTEST = """\
#!/usr/bin/env python3
import json, os, sys
with open("told.jsonl", "a") as told:
    told.write(json.dumps(sys.argv[1:]) + "\\n")
bad = os.environ.get("BAD_TIER", "none") in sys.argv
print("1 failed in 0.10s" if bad else "1 passed in 0.10s")
sys.exit(bad)
"""
TIERS = ["e2e", "functional", "faults", "browser", "contract", "sam", "clients", "unit", "setup"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts beside the tests' own folders, with a pytest and a make that only pretend."""
    tests = tmp_path / "tests"
    tests.mkdir()
    for path in (ROOT / "tests").iterdir():
        if path.is_dir():
            (tests / path.name).symlink_to(path)
        elif path.suffix == ".sh":
            shutil.copy(path, tests)
    for name, script in ((".venv/bin/python", PYTEST), ("programs/make", "#!/bin/sh\necho making >&2\n")):
        program = tmp_path / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(script)
        program.chmod(0o755)
    return tmp_path


def run(checkout: Path, *command: str, **environment: str) -> tuple[int, list[list[str]], list[str]]:
    """Run tiers; returns the exit status, what pytest was called with, and the tiers in the order of their ends."""
    script, *names = command or ("run.sh",)
    kept = {"PATH": f"{checkout}/programs{os.pathsep}{os.environ['PATH']}", **environment}
    done = subprocess.run(
        [checkout / "tests" / script, *names], env=kept, capture_output=True, text=True, timeout=60, check=False
    )
    calls = [json.loads(each) for each in (checkout / "told.jsonl").read_text("utf-8").splitlines()]
    names = [row.split("\t")[0] for row in (checkout / ".local" / "tiers" / "results").read_text("utf-8").splitlines()]
    return done.returncode, calls, names


def test_each_test_is_in_one_tier(checkout: Path) -> None:
    status, calls, names = run(checkout)
    assert status == 0
    assert sorted(names) == sorted([*TIERS, "privileges", "containers"])
    assert names[-2:] == ["privileges", "containers"]
    files = [path for folder in sorted((ROOT / "tests").iterdir()) for path in folder.rglob("test_*.py")]
    times = {name: sum(takes(call, name) for call in calls) for name in (str(path.relative_to(ROOT)) for path in files)}
    assert {name: count for name, count in times.items() if count != 1} == {}


def takes(call: list[str], name: str) -> bool:
    """Tell whether pytest, called so, runs a file."""
    left_out = [value for option, value in pairwise(call) if option.startswith("--ignore")]
    named = [value for value in call if value.startswith("tests/") and value not in left_out]
    return any(name == each or name.startswith(f"{each}/") for each in named) and not any(
        fnmatch(name, each) for each in left_out
    )


def test_other_tiers_run_when_one_fails(checkout: Path) -> None:
    status, _, names = run(checkout, BAD_TIER="tests/faults")
    assert status == 1
    assert sorted(names) == sorted(TIERS)


def test_inner_loop_and_soak_run_their_tiers(checkout: Path) -> None:
    status, _, names = run(checkout, "check.sh")
    assert (status, sorted(names)) == (0, ["functional-1", "functional-2", "lint", "unit"])
    status, _, names = run(checkout, "soak.sh")
    assert (status, len(names), len(set(names))) == (0, 13, 13)
    assert run(checkout, "soak.sh", "exports", "fuzz")[2] in (["exports", "fuzz"], ["fuzz", "exports"])
    status, _, _ = run(checkout, "soak.sh", "fuss")
    assert status == 2
