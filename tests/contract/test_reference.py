"""docs/reference.md, and what the stack serves of its contract, against openapi.yaml."""

from __future__ import annotations

import importlib.util
import json
import re
from typing import Any

from openapi_spec_validator import validate

from local.template import ROOT
from testing import spec

METHODS = {"get", "post", "put", "patch", "delete"}


def load_generator(name: str = "render_reference") -> Any:
    found = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
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


def test_what_is_served_is_up_to_date() -> None:
    for target, text in load_generator("render_site").rendered().items():
        assert target.read_text("utf-8") == text, f"{target.name}: run `make reference`"


def test_served_contract_has_every_operation_and_nothing_of_the_gateway() -> None:
    site = load_generator("render_site")
    document = site.public_contract(spec.document())
    validate(document)
    found = {(method.upper(), path) for path, item in document["paths"].items() for method in item.keys() & METHODS}
    assert found == {(operation.method, operation.path) for operation in spec.operations()}
    assert document["components"]["schemas"] == spec.document()["components"]["schemas"]
    assert "x-amazon" not in json.dumps(document)


def test_served_page_and_list_lead_to_every_operation() -> None:
    site = load_generator("render_site")
    page, listed = site.render_page(spec.document()), site.render_llms(spec.document())
    anchors = set(re.findall(r'id="([\w-]+)"', page))
    assert set(re.findall(r'href="#([\w-]+)"', page)) <= anchors
    for operation in spec.operations():
        assert f'href="#{operation.name}"' in page
        assert f"[{operation.method} {operation.path}](docs#{operation.name})" in listed
    # All that the page asks for is beside it.
    assert re.findall(r'<link [^>]*href="([^"]+)"', page) == ["docs.css"]
    assert not re.findall(r"<script|<style| style=|<img|<iframe| src=", page)
