"""What calls itself pure has unit tests of its own where its package is mirrored, and imports nothing that does I/O."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

LAYERS = Path(__file__).parents[2] / "layers"
UNIT = Path(__file__).parent
# Clocks, chance, processes, files, networks, AWS; and ours that reach them.
_REACHING = {
    *("time", "random", "secrets", "uuid", "os", "sys", "subprocess", "pathlib", "socket", "ssl", "http", "logging"),
    *("boto3", "botocore", "urllib3", "telemetry"),
}
_OURS = re.compile(
    r"knowledge\.storage\.(?!format|attributes).*|.*\.(\w*stores?|\w*service|assembly|machine|files|queue|ports)"
)


def docstring_of(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""


PURE = [
    path for path in sorted(LAYERS.glob("*/*/**/*.py")) if re.search(r"\bpure\b", docstring_of(path), re.IGNORECASE)
]


def imported(node: ast.AST) -> Iterator[str]:
    """Every module that is imported, also within functions, but for types alone."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(module=str() as module, names=names):
                yield module
                yield from (f"{module}.{each.name}" for each in names)
        yield from imported(child)


def name_of(path: Path) -> str:
    return path.relative_to(LAYERS).as_posix().partition("/")[2]


def test_the_rules_call_themselves_pure() -> None:
    assert {
        "knowledge/generations/eligibility.py",
        "knowledge/imports/events.py",
        "knowledge/index/trie.py",
        "knowledge/runs/diff.py",
        "knowledge/staging/rules.py",
        "knowledge/upkeep/retention.py",
        "search/segments/liveness.py",
        "webhooks/deliveries/schedule.py",
        "webhooks/sending/targets.py",
    } <= set(map(name_of, PURE))


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_pure_module_has_unit_tests_at_its_place(path: Path) -> None:
    tests = UNIT / Path(name_of(path)).parent / f"test_{path.name}"
    assert tests.is_file(), f"{name_of(path)} says that it is pure: {tests.relative_to(UNIT.parents[1])} is missing"
    assert "def test_" in tests.read_text("utf-8")


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_pure_module_imports_nothing_that_does_io(path: Path) -> None:
    modules = set(imported(ast.parse(path.read_text("utf-8"))))
    reaching = {module for module in modules if module.split(".")[0] in _REACHING or _OURS.fullmatch(module)}
    assert not reaching, f"{name_of(path)} says that it is pure"


@pytest.mark.parametrize("kind", ["knowledge", "webhooks", "httpapi", "telemetry", "search"])
def test_folders_of_unit_tests_are_packages_of_the_layer(kind: str) -> None:
    folders = {path.parent.relative_to(UNIT) for path in (UNIT / kind).rglob("test_*.py")}
    assert all(any(LAYERS.glob(f"*/{folder.as_posix()}/__init__.py")) for folder in folders)
