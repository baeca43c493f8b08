"""Lists the packages that are deployed, with their licences, in docs/licences.md: `make reference`, `make lock`."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "licences.md"
# Those under which a work may be passed on with ours, in binary form, for no more than naming its authors.
ALLOWED = frozenset({"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MIT-0", "PSF-2.0"})
# What these say in their licence files alone.
_SAID_ELSEWHERE = {"pyromark": "MIT"}
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_HEAD = """# Licences

The packages that are deployed with the functions, and under what licence each is. This software itself is under
[Apache 2.0](../LICENSE). What only runs on laptops and in continuous integration is passed on to nobody.

Made from the requirements.txt files by `make lock`: edit `pyproject.toml`, not this page.

| package | version | licence | goes with |
|---|---|---|---|
"""


def locked() -> list[tuple[str, str, str]]:
    """Return the name and the version of each package that is deployed, and the folder that it goes with."""
    files = [*(ROOT / "layers").glob("*/requirements.txt"), *(ROOT / "functions").glob("*/requirements.txt")]
    found = []
    for path in files:
        folder = str(path.parent.relative_to(ROOT))
        found += [(name, version, folder) for name, version in _PIN.findall(path.read_text("utf-8"))]
    return sorted(found)


def licence(package: str) -> str:
    """Return what a package says of its licence, as the installed one says it."""
    said = metadata.metadata(package)
    told = (said[name] for name in ("License-Expression", "License") if name in said)
    return next(told, _SAID_ELSEWHERE.get(package, "unknown"))


def rendered() -> str:
    """Return the whole page."""
    rows = (f"| {name} | {version} | {licence(name)} | `{folder}/` |" for name, version, folder in locked())
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    TARGET.write_text(rendered(), "utf-8")
