"""Parameters as they are written in samconfig.toml and in the documents come through SAM's own parser whole."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from local.template import ROOT
from local.template.load import read_yaml
from tests.sam.tools import installed

_TOML = re.compile(r"^( *)```toml\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_IN_PROSE = re.compile(r'`"(\w+=[^`]*)"`')
_PARSE = """
import json, sys
from samcli.cli.types import CfnParameterOverridesType
parsed = CfnParameterOverridesType().convert(tuple(json.load(sys.stdin)), None, None)
json.dump(parsed, sys.stdout)
"""


def lists_of(value: Any) -> Iterator[list[str]]:
    if isinstance(value, dict):
        for key, entry in value.items():
            if key == "parameter_overrides":
                yield entry
            else:
                yield from lists_of(entry)


def written() -> Iterator[tuple[str, list[str]]]:
    """Every list of parameters that somebody may copy, with where it stands."""
    for overrides in lists_of(tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))):
        yield "samconfig.toml", overrides
    for path in sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]):
        text = path.read_text("utf-8")
        for _, block in _TOML.findall(text):
            for overrides in lists_of(tomllib.loads(block)):
                yield path.name, overrides
        for override in _IN_PROSE.findall(text):
            yield path.name, [override]


def parsed_by_sam(overrides: list[str]) -> dict[str, str]:
    python = installed(".venv-sam", "python")
    done = subprocess.run(
        [python, "-c", _PARSE], input=json.dumps(overrides), capture_output=True, text=True, check=True
    )
    parsed: dict[str, str] = json.loads(done.stdout)
    return parsed


def meant(override: str) -> tuple[str, str]:
    name, _, value = override.partition("=")
    return name, value[1:-1] if value[:1] in {"'", '"'} else value


@pytest.mark.parametrize(("where", "overrides"), list(written()))
def test_parameters_come_through_whole(where: str, overrides: list[str]) -> None:
    assert parsed_by_sam(overrides) == dict(map(meant, overrides)), where
    assert {name for name, _ in map(meant, overrides)} <= read_yaml(ROOT / "template.yaml")["Parameters"].keys()


def test_the_documents_show_a_schedule_and_what_it_asks_for() -> None:
    shown = {name: value for _, overrides in written() for name, value in map(meant, overrides)}
    assert " " in shown["ImportSchedule"]
    assert json.loads(shown["ScheduledImport"]).keys() >= {"tenantId", "sourceId", "bucket", "key"}


def test_sam_cuts_what_is_not_quoted() -> None:
    """Why the quotes are there; when this fails, they may go."""
    assert parsed_by_sam(["ImportSchedule=cron(0 3 * * ? *)"]) == {"ImportSchedule": "cron(0"}
