"""The package as it is built: what lies in it."""

from __future__ import annotations

import tomllib

import knowledge_client

from local.template import ROOT

PACKAGE = ROOT / "clients" / "python"


def test_core_needs_httpx_alone() -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))["project"]
    assert [requirement.partition(">")[0] for requirement in project["dependencies"]] == ["httpx"]
    assert knowledge_client.__version__
