"""What a function must not import before its first invocation; `benchmarks/cold_start.py` times what it does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from testing.layers import layer_folders
from testing.resources import Resources

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
HTTP = frozenset({"admin_api", "developer_api", "search_api", "serve_site"})
# Each is loaded by the first request that needs it. `botocore.crt` and the like come with boto3, and are not named.
_NOWHERE = ("aws_lambda_powertools", "moto", "pytest", "routes", "knowledge.items.validation", "knowledge.answering")
# Only requests over HTTP have bodies to validate as soon as they come; tasks make or read indexes once they have begun.
_NOT_IN_TASKS = ("pydantic", "knowledge.index")
# They look at rows of keys, and make none.
_NOT_WITH_KEYS = ("httpapi.keys.model",)
# Whoever answers requests plans, builds, publishes and collects nothing.
_NOT_IN_HTTP = (
    "knowledge.model",
    "knowledge.items.model",
    "knowledge.items.content",
    "knowledge.sources",
    "knowledge.index",
    "knowledge.staging",
    "knowledge.runs",
    "knowledge.generations",
    "knowledge.exports",
    "knowledge.imports",
    "knowledge.upkeep",
    "webhooks.endpoints",
    "webhooks.deliveries",
    "webhooks.outbox",
    "webhooks.sending",
)
_TELL = """
import gc, json, sys, {}
import logging
print(json.dumps([sorted(sys.modules), gc.get_threshold()[0], len(logging.getLogger().handlers)]))
"""
_LIBRARIES = ("knowledge.assembly", "webhooks.assembly", "httpapi.assembly", "telemetry.lines", "telemetry.tasks")


@dataclass(frozen=True)
class Loaded:
    """A fresh process after an import: its modules, what a garbage collection waits for, and who writes its log."""

    modules: list[str]
    threshold: int
    log_handlers: int


def loaded(*modules: str, function: str = "") -> Loaded:
    """Import modules in a fresh process."""
    layers = layer_folders(function) if function else [ROOT / "layers" / "shared"]
    path = os.pathsep.join(map(str, (*layers, ROOT / "functions" / function)))
    done = subprocess.run(
        [sys.executable, "-c", _TELL.format(", ".join(modules))],
        env={**Resources(prefix="cold").environment, "PYTHONPATH": path, "PATH": os.environ.get("PATH", "")},
        capture_output=True,
        text=True,
        check=True,
    )
    return Loaded(*json.loads(done.stdout))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_imports_at_cold_start_only_what_every_invocation_needs(function: str) -> None:
    process = loaded("app", function=function)
    refused = _NOWHERE + (_NOT_IN_HTTP if function in HTTP else _NOT_IN_TASKS)
    refused += _NOT_WITH_KEYS if function.endswith(("_import", "_export")) else ()
    too_early = [
        name for name in process.modules if any(name == each or name.startswith(f"{each}.") for each in refused)
    ]
    assert not too_early, f"{function}/app.py imports {too_early[:5]}; import it where it is first used"
    assert process.threshold >= 50_000
    assert process.log_handlers == 1


def test_library_changes_no_process_that_imports_it() -> None:
    untouched, process = loaded("os"), loaded(*_LIBRARIES)
    assert (process.threshold, process.log_handlers) == (untouched.threshold, untouched.log_handlers)
