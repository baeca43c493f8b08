"""The portal's styles: a sheet comes with its screen and stays, so it may say nothing of what another sheet draws."""

from __future__ import annotations

import re
from collections import defaultdict

from tests.unit.test_portal_words import SOURCE

_RULE = re.compile(r"([^{}]+)\{")
_FIRST_CLASS = re.compile(r"\s*\.([\w-]+)")
# It is there before any other, and what all screens have is its own.
_ALWAYS = SOURCE / "style.css"


def test_no_two_sheets_of_screens_draw_the_same_class() -> None:
    sheets: defaultdict[str, set[str]] = defaultdict(set)
    for sheet in SOURCE.rglob("*.css"):
        selectors = ",".join(_RULE.findall(sheet.read_text("utf-8"))).split(",")
        for found in filter(None, map(_FIRST_CLASS.match, selectors)):
            if sheet != _ALWAYS:
                sheets[found[1]].add(sheet.name)
    assert len(sheets) > 50
    assert {name: found for name, found in sheets.items() if len(found) > 1} == {}
