"""The packages that are deployed: pinned, the same on laptops, and fit for what the Lambda runtime brings."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.template.load import ROOT
from tests.support.requirements import (
    DELIVER_WEBHOOK,
    LAYER,
    hashes_of,
    needed,
    pins_in,
    pins_of,
    require_pinned,
    requirement_files,
    requirements_of,
)


def project_pins() -> dict[str, str]:
    return pins_in(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"])


def test_lock_matches_the_project() -> None:
    """What pyproject.toml names is locked in that version; beside it, only what that needs in turn."""
    deployed: dict[str, str] = {}
    for path in requirement_files():
        # A layer is whole by itself; what two of them hold is the same.
        assert deployed | pins_of(path) == pins_of(path) | deployed, (
            f"{path.relative_to(ROOT)} differs: run `make lock`"
        )
        deployed |= pins_of(path)
    assert project_pins().items() <= deployed.items(), "run `make lock`"
    assert deployed.keys() == needed(project_pins()), "run `make lock`"


def test_lock_script_writes_the_files_that_are_built() -> None:
    found = importlib.util.spec_from_file_location("lock_packages", ROOT / "setup" / "lock_packages.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    assert set(module.wanted()) == set(requirement_files())
    for path, pins in module.wanted().items():
        assert pins_in(pins).items() <= pins_of(path).items(), path


@pytest.mark.parametrize("path", requirement_files(), ids=lambda path: path.parent.name)
def test_every_package_is_locked_by_hash_and_fits_those_that_need_it(path: Path) -> None:
    versions = pins_of(path)
    for pin, hashes in hashes_of(path).items():
        assert hashes, f"{pin} has no hash"
        assert all(re.fullmatch("[0-9a-f]{64}", each) for each in hashes), pin
    for name in versions:
        for requirement in requirements_of(name):
            assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), (
                f"{name}: {requirement}"
            )


@pytest.mark.parametrize("path", requirement_files(), ids=lambda path: path.parent.name)
def test_tests_run_on_what_is_deployed(path: Path) -> None:
    for name in pins_of(path).keys() & project_pins().keys():
        require_pinned(name, path)


def test_licences_are_listed_and_let_us_pass_the_packages_on() -> None:
    found = importlib.util.spec_from_file_location("list_licences", ROOT / "docs" / "list_licences.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    assert module.TARGET.read_text("utf-8") == module.rendered(), "run `make lock`"
    assert {name: version for name, version, _ in module.locked()} == {
        name: version for path in requirement_files() for name, version in pins_of(path).items()
    }
    for name, _, _ in module.locked():
        assert module.licence(name) in module.ALLOWED, f"{name} is under {module.licence(name)}"


def test_what_sends_webhooks_brings_the_http_stack_that_its_guard_overrides() -> None:
    assert set(pins_of(DELIVER_WEBHOOK)) == {"urllib3"}


@pytest.mark.parametrize("package", ["boto3", "botocore", "s3transfer", "python-dateutil", "six"])
def test_what_the_runtime_brings_can_work_with_what_is_deployed(package: str) -> None:
    """A copy of the layer or of the function shadows the runtime's own, for boto3 too."""
    deployed = pins_of(LAYER) | pins_of(DELIVER_WEBHOOK)
    # Powertools brings jmespath, which boto3 needs too.
    assert package not in deployed, f"{package} is the runtime's"
    for line in metadata.requires(package) or []:
        requirement = Requirement(line)
        if requirement.name in deployed and (not requirement.marker or requirement.marker.evaluate({"extra": ""})):
            assert requirement.specifier.contains(deployed[requirement.name]), f"{package} needs {line}"
