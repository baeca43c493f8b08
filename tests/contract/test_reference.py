"""docs/reference.md against openapi.yaml."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

from local.template import ROOT
from testing import spec


def load_generator() -> Any:
    found = importlib.util.spec_from_file_location("render_reference", ROOT / "docs" / "render_reference.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_reference_is_up_to_date() -> None:
    generator = load_generator()
    assert generator.TARGET.read_text("utf-8") == generator.rendered(), "run `make reference`"


def test_reference_has_every_operation_and_its_links_lead_somewhere() -> None:
    text = load_generator().rendered()
    for operation in spec.operations():
        assert f"### {operation.method} {operation.path}\n" in text
    anchors = set(re.findall(r'<a id="(\w+)"></a>', text))
    assert set(re.findall(r"\]\(#(\w+)\)", text)) <= anchors
