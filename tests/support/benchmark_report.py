"""benchmarks/report.md as tests read it, and other pages with tables: sections, and their tables row by row."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from local.template import ROOT

REPORT = ROOT / "benchmarks" / "report.md"
_COMMAND = re.compile(r"^`python -m benchmarks\.(\w+) --size (\w+)`$")
_TITLE = re.compile(r"^\*\*(.+)\*\*$")


@dataclass
class Section:
    """The rows of a section's tables, by their titles, each row by the heads of its columns."""

    title: str
    benchmark: str = ""
    size: str = ""
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @property
    def rows(self) -> list[dict[str, str]]:
        """Those of the first table."""
        return next(iter(self.tables.values()))


@cache
def read_sections(path: Path = REPORT) -> list[Section]:
    """Read every section in order: of the report first the figures, then the machine, then one for each benchmark."""
    sections: list[Section] = []
    title, heads = "", None
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("## "):
            sections.append(Section(line.removeprefix("## ")))
        elif not sections:
            continue
        elif found := _COMMAND.match(line):
            sections[-1].benchmark, sections[-1].size = found.groups()
        elif found := _TITLE.match(line):
            title = found[1]
        elif not line.startswith("|"):
            heads = None
        elif heads is None:
            heads = _cells(line)
            # Tables without a title are told apart by their number.
            rows = sections[-1].tables.setdefault(title or str(len(sections[-1].tables)), [])
            title = ""
        elif not set(line) <= set("|-: "):
            rows.append(dict(zip(heads, _cells(line), strict=True)))
    return sections


def section_of(benchmark: str) -> Section:
    """Find the section of a benchmark."""
    return next(section for section in read_sections() if section.benchmark == benchmark)


def number(cell: str) -> float:
    """Read a number with commas and perhaps a unit behind it."""
    return float(cell.partition(" ")[0].replace(",", ""))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip()[1:-1].split("|")]
