"""The packages that are deployed: pinned, the same on laptops, and fit for what the Lambda runtime brings."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from local.template.load import ROOT
from tests.support.requirements import DELIVER_WEBHOOK, LAYER, pins_in, pins_of, require_pinned, requirement_files


def test_laptops_have_what_is_deployed() -> None:
    deployed: dict[str, str] = {}
    for path in requirement_files():
        assert not deployed.keys() & pins_of(path).keys(), f"{path.relative_to(ROOT)} repeats a pin of another"
        deployed |= pins_of(path)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert pins_in(project["dependencies"]) == deployed


@pytest.mark.parametrize("path", requirement_files(), ids=lambda path: path.parent.name)
def test_tests_run_on_what_is_deployed(path: Path) -> None:
    for name in pins_of(path):
        require_pinned(name, path)


def test_what_sends_webhooks_brings_the_http_stack_that_its_guard_overrides() -> None:
    assert set(pins_of(DELIVER_WEBHOOK)) == {"urllib3"}


@pytest.mark.parametrize("package", ["boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six"])
def test_what_the_runtime_brings_can_work_with_what_is_deployed(package: str) -> None:
    """A copy of the layer or of the function shadows the runtime's own, for boto3 too."""
    deployed = pins_of(LAYER) | pins_of(DELIVER_WEBHOOK)
    assert package not in deployed, f"{package} is the runtime's"
    for line in metadata.requires(package) or []:
        requirement = Requirement(line)
        if requirement.name in deployed and (not requirement.marker or requirement.marker.evaluate({"extra": ""})):
            assert requirement.specifier.contains(deployed[requirement.name]), f"{package} needs {line}"
