"""The packages that are deployed with the functions, as their requirements.txt pin them."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.template.load import ROOT

LAYER = ROOT / "layers" / "shared" / "requirements.txt"
DELIVER_WEBHOOK = ROOT / "functions" / "deliver_webhook" / "requirements.txt"


def requirement_files() -> list[Path]:
    """Every requirements.txt that `sam build` installs: one of the layer, and those of functions."""
    return [LAYER, *sorted((ROOT / "functions").glob("*/requirements.txt"))]


def pins_in(lines: list[str]) -> dict[str, str]:
    """Read pins: the version of each package. Fails for a line that pins none."""
    pins = {}
    for line in lines:
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", f"{line} pins no version"
        pins[canonicalize_name(requirement.name)] = specifier.version
    return pins


def pins_of(path: Path) -> dict[str, str]:
    """Read the pins of a requirements.txt, which holds nothing else."""
    return pins_in(path.read_text("utf-8").split())


def require_pinned(name: str, path: Path) -> None:
    """Fail unless this process uses the version of a package that is deployed."""
    pinned, used = pins_of(path)[name], metadata.version(name)
    assert used == pinned, (
        f"these tests run on {name} {used}, but {path.relative_to(ROOT)} deploys {pinned}: "
        "say the same in pyproject.toml and run `make setup`"
    )


def run_time_distributions(path: Path) -> set[str]:
    """What a requirements.txt names and what that requires, as Python 3.13 on Lambda sees it."""
    environment = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux", "extra": ""}
    todo = path.read_text("utf-8").split()
    found: set[str] = set()
    while todo:
        requirement = Requirement(todo.pop())
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate(environment)):
            continue
        found.add(name)
        todo += metadata.requires(name) or []
    return found
