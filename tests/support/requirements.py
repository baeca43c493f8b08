"""The packages that are deployed with the functions, as their requirements.txt pin them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.template.load import ROOT

LAYER = ROOT / "layers" / "shared" / "requirements.txt"
SEARCH_LAYER = ROOT / "layers" / "search" / "requirements.txt"
DELIVER_WEBHOOK = ROOT / "functions" / "deliver_webhook" / "requirements.txt"


def requirement_files() -> list[Path]:
    """Every requirements.txt that is deployed: those of the layers, and those of functions."""
    return [LAYER, SEARCH_LAYER, *sorted((ROOT / "functions").glob("*/requirements.txt"))]


def pins_in(lines: list[str]) -> dict[str, str]:
    """Read pins: the version of each package. Fails for a line that pins none."""
    pins = {}
    for line in lines:
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", f"{line} pins no version"
        pins[canonicalize_name(requirement.name)] = specifier.version
    return pins


def hashes_of(path: Path) -> dict[str, list[str]]:
    """Read a requirements.txt: the hashes of each pin."""
    lines = path.read_text("utf-8").replace("\\\n", " ").splitlines()
    words = [line.split() for line in lines if not line.startswith("#")]
    return {pin: [each.removeprefix("--hash=sha256:") for each in hashes] for pin, *hashes in words}


def pins_of(path: Path) -> dict[str, str]:
    """Read the pins of a requirements.txt: the version of each package."""
    return pins_in(list(hashes_of(path)))


def require_pinned(name: str, path: Path) -> None:
    """Fail unless this process uses the version of a package that is deployed."""
    pinned, used = pins_of(path)[name], metadata.version(name)
    assert used == pinned, (
        f"these tests run on {name} {used}, but {path.relative_to(ROOT)} deploys {pinned}: "
        "say the same in pyproject.toml and run `make setup`"
    )


def requirements_of(package: str) -> list[Requirement]:
    """What a package requires, as Python 3.13 on Lambda sees it."""
    environment = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux", "extra": ""}
    listed = map(Requirement, metadata.requires(package) or [])
    return [each for each in listed if not each.marker or each.marker.evaluate(environment)]


def needed(names: Iterable[str]) -> set[str]:
    """Return packages with all that they require, and what that requires."""
    todo, found = [canonicalize_name(name) for name in names], set[str]()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [canonicalize_name(each.name) for each in requirements_of(name)]
    return found
