"""The runbook against the template and the code: every alarm has its entry, and every query asks for what is there."""

from __future__ import annotations

import re

import pytest

from local.template.load import ROOT, read_template
from tests.support.markdown_pages import Page

PAGE = ROOT / "docs" / "operations" / "runbook.md"
SEVERITIES = {"Page now": "now, whatever the hour", "Working hours": "in working hours", "This week": "this week"}
_ENTRY = re.compile(r"### (\w+)\n\n\*\*([\w ]+)\.\*\* (.+)", re.DOTALL)
_LOOK = re.compile(r"`look (\w+) '([^`]*?)'(?: '\d+ \w+')?`")
_MESSAGES = re.compile(r'message (?:= ("\w+")|in \[([^]]+)])')


def entries() -> dict[str, tuple[str, str]]:
    """Severity and text of each entry by the name of its alarm."""
    part = PAGE.read_text("utf-8").split("\n## By alarm\n")[1].split("\n## ")[0]
    found = {}
    for text in re.split(r"(?m)^(?=### )", part)[1:]:
        entry = _ENTRY.match(text)
        assert entry, f"an entry begins with its severity and what it means: {text[:80]}"
        name, severity, rest = entry.groups()
        assert name not in found, name
        found[name] = (severity, rest)
    return found


def test_every_alarm_has_an_entry_with_a_severity_and_no_other_has() -> None:
    alarms = {name for name, _ in read_template().of_type("AWS::CloudWatch::Alarm")}
    assert alarms == entries().keys()
    assert {severity for severity, _ in entries().values()} == SEVERITIES.keys()


@pytest.mark.parametrize("alarm", list(entries()))
def test_entry_says_what_to_ask_and_what_to_do(alarm: str) -> None:
    _, text = entries()[alarm]
    assert re.search(r"\n- Look: `", text), "what can be pasted"
    assert re.search(r"\n- Do: \S", text)


def test_severities_are_listed_for_who_wires_them_up() -> None:
    tables = Page(ROOT / "docs" / "operations" / "watch.md").tables
    [rows] = [rows for rows in tables if {row[0] for row in rows} == set(SEVERITIES.values())]
    listed = {name.strip("`"): when for when, names in rows for name in names.split(", ")}
    assert listed == {name: SEVERITIES[severity] for name, (severity, _) in entries().items()}


def test_queries_ask_for_lines_that_the_code_writes() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "layers" / "shared").rglob("*.py"))
    groups = {path.name for path in (ROOT / "functions").iterdir()}
    groups |= {path.name.partition(".")[0] for path in (ROOT / "statemachines").iterdir()}
    looks = [found for page in PAGE.parent.glob("*.md") for found in _LOOK.findall(page.read_text("utf-8"))]
    assert len(looks) > 20
    for group, query in looks:
        assert group in groups, group
        for one, several in _MESSAGES.findall(query):
            for message in re.findall(r'"\w+"', one or several):
                assert message in code, f"no line says {message}"
        for metric in re.findall(r"ispresent\((\w+)\)", query):
            assert f'"{metric}"' in code, metric
