"""What can be said of privileges without a run: no statement is wide, and machines invoke their own tasks alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from local.template import Template
from local.template.load import read_template
from tests.privileges.grants import Fact, granted


@pytest.fixture(scope="module")
def template() -> Template:
    return read_template()


def test_grants_are_read_as_they_are_written(template: Template) -> None:
    facts = granted(template)
    assert ("DeveloperApiFunction", "dynamodb:Query", "CatalogTable/index/ByOrder") in facts
    assert ("AdminApiFunction", "dynamodb:Query", "KeysTable/index/ByTenant") in facts
    assert ("BuildGenerationFunction", "s3:PutObject", "ContentBucket/index/*") in facts
    assert ("StartImportFunction", "states:StartExecution", "ImportStateMachine") in facts
    assert ("StageImportFunction", "s3:GetObject", "ImportBucketName/*") in facts
    # An index has no items of its own to get.
    assert ("DeveloperApiFunction", "dynamodb:GetItem", "CatalogTable/index/ByOrder") not in facts


def test_no_action_and_no_resource_is_a_wildcard(template: Template) -> None:
    wide: list[Fact] = [fact for fact in granted(template) if "*" in fact[1] or fact[2] in {"*", "ContentBucket/*"}]
    assert wide == []


def test_a_wildcard_would_be_seen(template: Template) -> None:
    resources = copy.deepcopy(template.resources)
    statement: dict[str, Any] = resources["DiffRunFunction"]["Properties"]["Policies"][0]["Statement"][0]
    statement |= {"Action": "dynamodb:*", "Resource": "*"}
    widened = Template(template.path, resources, template.outputs, template.parameters)
    assert ("DiffRunFunction", "dynamodb:*", "*") in granted(widened)


def test_every_function_has_one_inline_policy_of_its_own(template: Template) -> None:
    for logical_id, function in template.of_type("AWS::Serverless::Function"):
        (policy,) = function["Policies"]
        assert all(statement["Effect"] == "Allow" and statement["Sid"] for statement in policy["Statement"]), logical_id


def test_state_machines_invoke_their_own_tasks_alone(template: Template) -> None:
    for logical_id, machine in template.of_type("AWS::Serverless::StateMachine"):
        (policy,) = machine["Policies"]
        invoking, logs = policy["Statement"]
        tasks = sorted(arn["Fn::GetAtt"][0] for arn in machine["DefinitionSubstitutions"].values())
        assert invoking["Action"] == "lambda:InvokeFunction"
        assert sorted(resource["Fn::GetAtt"][0] for resource in invoking["Resource"]) == tasks, logical_id
        # Log deliveries have no ARN to name; nothing but those is granted on everything.
        assert {action.split(":")[0] for action in logs["Action"]} == {"logs"}
