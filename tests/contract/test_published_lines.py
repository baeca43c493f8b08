"""The table of the published description's lines against the tests, and against the description where it is at hand.

PUBLISHED_DESCRIPTION names its file. A line that is new or was changed then fails until it has its row and its test.
"""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from tests.contract.published_lines import LINES, digest

HERE = Path(__file__).parent


def functions_of(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def existing(name: str) -> set[str]:
    """List the functions of the file that a short name stands for."""
    return set().union(*(functions_of(path) for path in HERE.glob(f"test_*{name}.py")))


def test_every_line_is_held_by_tests_that_exist() -> None:
    named = [test.partition("::") for line in LINES for test in line.tests]
    assert [f"{file}::{name}" for file, _, name in named if name not in existing(file)] == []


def test_every_test_of_the_description_holds_a_line() -> None:
    named = {test.partition("::")[2] for line in LINES for test in line.tests}
    for path in HERE.glob("test_published_*.py"):
        if path != Path(__file__):
            assert {name for name in functions_of(path) if name.startswith("test_")} - named == set(), path.name


def test_description_has_these_lines_and_no_others() -> None:
    path = os.environ.get("PUBLISHED_DESCRIPTION")
    if path is None:
        pytest.skip("PUBLISHED_DESCRIPTION does not name the file of the published description")
    told = [line for line in Path(path).read_text("utf-8").splitlines() if line.strip()]
    assert [line for line in told if digest(line) not in {known.digest for known in LINES}] == []
    assert [known.says for known in LINES if known.digest not in set(map(digest, told))] == []
