"""Every policy of a deployment, as SAM translates it, against what IAM knows: actions, resources, conditions."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.template import load_template
from local.template.resolve import Resolver
from tests.sam.tools import installed

_LINT = """
import json, sys
import parliament
found = []
for where, policy in json.load(sys.stdin):
    linted = parliament.analyze_policy_string(json.dumps(policy), include_community_auditors=True)
    for finding in linted.findings:
        # Some of its auditors tell the actions that they mean as a place.
        detail = finding.detail or finding.location.get("actions")
        found.append((where, finding.issue, json.dumps(detail, default=str)))
json.dump(found, sys.stdout)
"""


@dataclass(frozen=True)
class Excepted:
    """Findings that are so on purpose: patterns of where they are, which, and what is said of them."""

    where: str
    issue: str
    detail: str
    reason: str

    def covers(self, finding: list[str]) -> bool:
        patterns = (self.where, self.issue, self.detail)
        return all(re.fullmatch(pattern, text) for pattern, text in zip(patterns, finding, strict=True))


_EXCEPTIONS = (
    Excepted(
        r"\w+\.AssumeRolePolicyDocument",
        "MALFORMED",
        '"Statement contains neither Resource nor NotResource"',
        "A trust policy has none: it is about the role that it belongs to. The linter does not know such policies.",
    ),
    Excepted(r"\w+\.KeyPolicy", "RESOURCE_STAR", ".*", "In the policy of a key `*` is that key."),
    Excepted(
        r"\w+\.KeyPolicy",
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        ".*",
        "The account keeps the right to change a key's policy: otherwise nobody could, for ever.",
    ),
    Excepted(
        r"\w+StateMachineRole\.Policies.*",
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        r'\["logs:putresourcepolicy"\]',
        "Step Functions asks for it to deliver logs, which have no ARN to name.",
    ),
    Excepted(
        r"(RelayEvents|StartImport)FunctionRole\.Policies.*",
        "NO_VERSION",
        ".*",
        "SAM writes these for the queues that failures go to; they hold no variables, which the old version lacks.",
    ),
    Excepted(
        r"AskModelPolicy\.PolicyDocument",
        "RESOURCE_MISMATCH",
        ".*bedrock:InvokeModel.*",
        "The linter knows no projects, and no models without a region, which global profiles pass requests on to.",
    ),
)


def policies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Find every policy with where it stands, of a stack with all that parameters can add."""
    template = load_template(
        overrides=[
            "DeploymentPreference=Canary10Percent5Minutes",
            "ImportBucketName=theirs",
            "AnswerModelId=eu.x.y-v1:0",
        ]
    )
    resolver = Resolver(template)
    for logical_id, resource in template.resources.items():
        if resource["Type"] == "AWS::Events::EventBusPolicy":
            statement = resolver.resolve(resource["Properties"]["Statement"])
            yield f"{logical_id}.Statement", {"Version": "2012-10-17", "Statement": [statement]}
        # What a web ACL calls statements are no policy's.
        elif resource["Type"] != "AWS::WAFv2::WebACL":
            for where, policy in _within(resource.get("Properties", {}), logical_id):
                yield where, resolver.resolve(policy)


def _within(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and "Statement" in value:
        yield where, value
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _within(entry, f"{where}.{name}")
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _within(entry, f"{where}.{number}")


def linted(named: list[tuple[str, dict[str, Any]]]) -> list[list[str]]:
    python = installed(".venv-parliament", "python")
    # It still asks pkg_resources, which warns of its end.
    command = [python, "-W", "ignore", "-c", _LINT]
    done = subprocess.run(command, input=json.dumps(named), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def findings() -> list[list[str]]:
    """What the linter says of all of them."""
    return linted(list(policies()))


def test_every_kind_of_policy_is_looked_at() -> None:
    kinds = {re.sub(r"^\w+?\.|\.\d+", "", where) for where, _ in policies()}
    assert kinds == {
        "PolicyDocument",
        "Policies.PolicyDocument",
        "AssumeRolePolicyDocument",
        "KeyPolicy",
        "Statement",
    }
    roles = [where for where, _ in policies() if where.endswith("AssumeRolePolicyDocument")]
    assert "CodeDeployServiceRole.AssumeRolePolicyDocument" in roles
    assert len(roles) == len(list(load_template().of_type("AWS::IAM::Role"))) + 1


def test_policies_lint_clean_but_for_explained_exceptions(findings: list[list[str]]) -> None:
    assert [finding for finding in findings if not any(each.covers(finding) for each in _EXCEPTIONS)] == []


def test_every_exception_is_needed_and_explained(findings: list[list[str]]) -> None:
    unneeded = [each for each in _EXCEPTIONS if not any(each.covers(finding) for finding in findings)]
    assert unneeded == []
    assert all(each.reason.endswith(".") for each in _EXCEPTIONS)


_TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/keys"


@pytest.mark.parametrize(
    ("statement", "issue"),
    [
        ({"Action": "dynamodb:GetItems", "Resource": _TABLE}, "UNKNOWN_ACTION"),
        ({"Action": "s3:GetObject", "Resource": _TABLE}, "RESOURCE_MISMATCH"),
        ({"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::content/*"}, "RESOURCE_MISMATCH"),
        ({"Action": "dynamodb:GetItem", "Resource": "*"}, "RESOURCE_STAR"),
        (
            {
                "Action": "dynamodb:GetItem",
                "Resource": _TABLE,
                "Condition": {"StringEquals": {"kms:EncryptionContext:tenantId": "x"}},
            },
            "UNKNOWN_CONDITION_FOR_ACTION",
        ),
    ],
)
def test_faults_of_a_policy_are_seen(statement: dict[str, Any], issue: str) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "Broken", "Effect": "Allow", **statement}]}
    assert issue in {found for _, found, _ in linted([("broken", policy)])}
