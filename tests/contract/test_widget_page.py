"""docs/widget.md against the widget: attributes, events, custom properties, parts, pictures, policy."""

from __future__ import annotations

import re

from local.template import ROOT
from tests.support.widget_api import policy

PAGE = (ROOT / "docs" / "widget.md").read_text("utf-8")
SOURCES = {path.name: path.read_text("utf-8") for path in (ROOT / "widget" / "src").iterdir()}
SCRIPTS = "".join(text for name, text in SOURCES.items() if name.endswith(".ts"))


def test_every_attribute_is_told_and_no_other() -> None:
    read = set(re.findall(r'(?:this|at|found)\.(?:get|has)Attribute\("(\w+)"\)', SCRIPTS))
    read |= set(re.findall(r':host\(\[(\w+)="', SOURCES["style.css"]))
    table = PAGE.partition("## Attributes")[2].partition("## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == read


def test_every_event_is_told_and_no_other() -> None:
    sent = {f"knowledge-{name}" for name in re.findall(r'this\.tell\("(\w+)"', SCRIPTS)}
    assert set(re.findall(r"`(knowledge-\w+)`", PAGE)) == sent


def test_every_property_and_part_is_told_and_no_other() -> None:
    looks = PAGE.partition("## Looks")[2].partition("## ")[0]
    properties, _, parts = looks.partition("`::part()`")
    told = {name.removeprefix("--knowledge") for name in re.findall(r"`(-[\w-]+)`", properties)}
    assert told == {f"-{name}" for name in re.findall(r"--knowledge-([\w-]+)", SOURCES["style.css"])}
    named = set(re.findall(r'\bpart: "([\w-]+)"', SCRIPTS))
    assert set(re.findall(r"`([\w-]+)`", parts)) == named


def test_tests_keep_to_the_policy_that_is_told() -> None:
    (told,) = re.findall(r"^(default-src .*)$", PAGE, re.MULTILINE)
    assert policy("https://api.example.com").startswith(told)
