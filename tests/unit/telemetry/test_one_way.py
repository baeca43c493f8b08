"""There is one way into the log, and what goes in is a constant with its data in fields."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = sorted([*(ROOT / "layers" / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")])
_WRITING = {"debug", "info", "warning", "error", "exception", "critical", "log"}
_EVENT = re.compile(r"[a-z]+(_[a-z]+)+")
# It keeps urllib3 from quoting URLs and writes nothing itself.
_FILTERS = "posting.py"


def package_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[2 if path.is_relative_to(ROOT / "layers") else 0]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def trees(*packages: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every module of ours, parsed; those of the packages alone, if some are named."""
    return ((path, parsed(path)) for path in SOURCES if not packages or package_of(path) in packages)


@cache
def imported(tree: ast.Module) -> set[str]:
    """Every module that is imported, and every name with the module that it is imported from."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or ""} | {f"{node.module}.{each.name}" for each in node.names}
    return names


def events(tree: ast.Module) -> Iterator[ast.expr]:
    """The message of every line that is written, whichever way."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="write_line"), args=[message, *_]):
                yield message
            case ast.Call(func=ast.Attribute(value=ast.Name(id="_log"), attr=verb), args=[message, *_]):
                assert verb in _WRITING
                yield message


def test_only_the_lifecycle_which_may_know_no_other_writes_by_pythons_logging() -> None:
    users = {path for path, tree in trees() if "logging" in imported(tree)}
    elsewhere = {path.name for path in users if package_of(path) not in {"knowledge", "telemetry"}}
    assert elsewhere <= {_FILTERS}
    assert not any("telemetry" in {name.split(".")[0] for name in imported(tree)} for _, tree in trees("knowledge"))


@pytest.mark.parametrize("name", ["aws_lambda_powertools.Logger", "aws_lambda_powertools.Metrics", "sys", "print"])
def test_nothing_else_writes(name: str) -> None:
    """What is left of Powertools is its idempotency."""
    for path, tree in trees("functions", "httpapi", "knowledge", "webhooks"):
        called = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert name not in imported(tree) | called, path.relative_to(ROOT)
        assert not any(re.match(r"aws_lambda_powertools\.(logging|metrics)", each) for each in imported(tree))


def test_events_are_constants() -> None:
    found = []
    for path, tree in trees("functions", "httpapi", "knowledge", "webhooks"):
        for message in events(tree):
            assert isinstance(message, ast.Constant), f"{path.relative_to(ROOT)}:{message.lineno}"
            assert _EVENT.fullmatch(str(message.value)), f"{path.relative_to(ROOT)}: {message.value}"
            found.append(message.value)
    assert {"request_answered", "request_failed", "upkeep_failed", "delivery_broken", "relay_failed"} <= set(found)
