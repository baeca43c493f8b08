"""template.yaml is what SAM and CloudFormation take, and a security scan finds nothing that is not explained."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.template import ROOT
from local.template.load import read_template, read_whole
from tests.sam.tools import Sam, installed

_EXCEPTIONS = ROOT / ".checkov.yaml"
_FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:task"


def test_template_is_valid_and_lints_clean(sam: Sam) -> None:
    done = sam.run("validate", "--lint", "--template", "template.yaml")
    assert (done.returncode, "[W" in done.stdout + done.stderr) == (0, False), done.stdout + done.stderr


@pytest.mark.parametrize("preference", ["AllAtOnce", "Canary10Percent5Minutes"])
def test_template_lints_clean_with_its_document_inside(sam: Sam, tmp_path: Path, preference: str) -> None:
    """SAM does not open what a template includes, and makes more resources of it when it is deployed in steps."""
    whole, document = tmp_path / "template.yaml", read_whole()
    document["Parameters"]["DeploymentPreference"]["Default"] = preference
    whole.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    assert "operationId: " in whole.read_text()
    done = sam.run("validate", "--lint", "--template", str(whole))
    assert (done.returncode, "[W" in done.stdout + done.stderr) == (0, False), done.stdout + done.stderr


def test_state_machines_lint_clean(tmp_path: Path) -> None:
    """SAM makes a text of a definition, which the linter does not read; so it is given the machines by themselves."""
    machines = {}
    for logical_id, machine in read_template().of_type("AWS::Serverless::StateMachine"):
        text = (ROOT / str(machine["DefinitionUri"])).read_text("utf-8").replace("${Partition}", "aws")
        properties = {
            "RoleArn": "arn:aws:iam::123456789012:role/machine",
            "Definition": json.loads(text),
            "DefinitionSubstitutions": dict.fromkeys(set(re.findall(r"\$\{(\w+)\}", text)), _FUNCTION_ARN),
        }
        machines[logical_id] = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    path = tmp_path / "machines.json"
    path.write_text(json.dumps({"Resources": machines}))
    done = subprocess.run([installed(".venv-sam", "cfn-lint"), path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_no_rule_of_the_linter_is_switched_off() -> None:
    assert "cfn-lint" not in (ROOT / "template.yaml").read_text()
    assert list(ROOT.glob(".cfnlintrc*")) == []


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What checkov says of the template away from `.checkov.yaml`, when no check is left out."""
    checkov = installed(".venv-checkov", "checkov")
    options = ["--framework", "cloudformation", "--skip-download", "--compact", "--output", "json"]
    done = subprocess.run(
        [checkov, *options, "--file", str(ROOT / "template.yaml")],
        cwd=tmp_path_factory.mktemp("scan"),
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 0
    return report


def test_security_scan_finds_nothing_but_explained_exceptions(scan: dict[str, Any]) -> None:
    excepted = yaml.safe_load(_EXCEPTIONS.read_text())["skip-check"]
    failed = {(each["check_id"], each["resource"]) for each in scan["results"]["failed_checks"]}
    assert sorted(each for each in failed if each[0] not in excepted) == []
    assert set(excepted) - {check for check, _ in failed} == set(), "exceptions that nothing needs any more"


def test_what_the_exceptions_say_is_so() -> None:
    template = read_template()
    assert all(queue["SqsManagedSseEnabled"] is True for _, queue in template.of_type("AWS::SQS::Queue"))
    assert all(table["SSESpecification"]["SSEEnabled"] for _, table in template.of_type("AWS::DynamoDB::Table"))
    for logical_id, function in template.of_type("AWS::Serverless::Function"):
        kinds = {event["Type"] for event in function.get("Events", {}).values()}
        if "EventBridgeRule" in kinds:
            assert function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"], logical_id


def test_every_exception_of_the_scan_is_explained() -> None:
    # A comment stands above each exception for all resources, and within each for one resource.
    lines = _EXCEPTIONS.read_text().partition("skip-check:\n")[2].splitlines()
    assert [after for before, after in pairwise(["", *lines]) if "- CKV" in after and "# " not in before] == []
    template = read_whole()
    skips = [
        skip
        for resource in template["Resources"].values()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert skips
    assert [skip["id"] for skip in skips if not skip.get("comment", "").endswith(".")] == []
