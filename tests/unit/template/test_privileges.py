"""What can be said of privileges without a run: no statement is wide, and machines invoke their own tasks alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from httpapi.health import NO_ROW
from httpapi.keys.permission import ATTRIBUTES
from httpapi.keys.tenant_row import tenant_key

from local.template import Template
from local.template.load import read_template
from local.workers.calls import EVERY_ATTRIBUTE
from tests.privileges.grants import Fact, conditions, granted, meets


@pytest.fixture(scope="module")
def template() -> Template:
    return read_template()


def test_grants_are_read_as_they_are_written(template: Template) -> None:
    facts = granted(template)
    assert ("DeveloperApiFunction", "dynamodb:Query", "CatalogTable/index/ByOrder") in facts
    assert ("AdminApiFunction", "dynamodb:Query", "KeysTable/index/ByTenant") in facts
    assert ("RunUpkeepFunction", "s3:PutObject", "ContentBucket/index/*") in facts
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


def test_every_function_has_one_inline_policy_of_its_own_or_may_do_nothing(template: Template) -> None:
    for logical_id, function in template.of_type("AWS::Serverless::Function"):
        if logical_id == "ServeSiteFunction":
            assert function["Policies"] == []
            assert function["Environment"]["Variables"].keys() == {"POWERTOOLS_SERVICE_NAME", "CONTENT_ORIGIN"}
            continue
        (policy,) = function["Policies"]
        assert all(statement["Effect"] == "Allow" and statement["Sid"] for statement in policy["Statement"]), logical_id


def test_state_machines_invoke_their_own_tasks_alone(template: Template) -> None:
    for logical_id, machine in template.of_type("AWS::Serverless::StateMachine"):
        (policy,) = machine["Policies"]
        invoking, logs = policy["Statement"]
        given = machine["DefinitionSubstitutions"].values()
        tasks = sorted(arn["Fn::GetAtt"][0] for arn in given if "Fn::GetAtt" in arn)
        assert invoking["Action"] == "lambda:InvokeFunction"
        assert sorted(resource["Fn::GetAtt"][0] for resource in invoking["Resource"]) == tasks, logical_id
        # Log deliveries have no ARN to name; nothing but those is granted on everything.
        assert {action.split(":")[0] for action in logs["Action"]} == {"logs"}


# They make and end keys.
_KEEPERS = {"AdminApiFunction", "BootstrapTenantFunction"}


def test_who_answers_requests_may_change_nothing_of_a_key_but_when_it_was_used(template: Template) -> None:
    conditioned = conditions(template)
    writing = {
        fact
        for fact in granted(template)
        if fact[2] == "KeysTable" and fact[1] != "dynamodb:GetItem" and fact[0] not in _KEEPERS
    }
    updating = {(name, "dynamodb:UpdateItem", "KeysTable") for name in ("DeveloperApiFunction", "SearchApiFunction")}
    # And `GET /health` reads of it what is not there.
    assert writing == {*updating, ("DeveloperApiFunction", "dynamodb:BatchGetItem", "KeysTable")}
    for fact in updating:
        check_use_is_all_that_is_noted(conditioned[fact])


def check_use_is_all_that_is_noted(condition: dict[str, Any]) -> None:
    assert meets(condition, ["keyId", "lastUsedAt"])
    for other in ("secretHash", "scopes", "revokedAt", "rateLimitSum"):
        assert not meets(condition, ["keyId", "lastUsedAt", other])
    # Nor the row of a tenant, nor may it read a row by writing to it.
    assert condition["ForAllValues:StringNotLike"] == {"dynamodb:LeadingKeys": [tenant_key("*")["keyId"]["S"]]}
    assert "ALL_OLD" not in condition["StringEqualsIfExists"]["dynamodb:ReturnValues"]
    assert "ALL_NEW" not in condition["StringEqualsIfExists"]["dynamodb:ReturnValues"]


@pytest.mark.parametrize(
    "function", ["StartImportFunction", "StageImportFunction", "FinishImportFunction", "WriteExportFunction"]
)
def test_who_works_for_long_reads_of_a_key_what_says_whether_it_may_go_on(template: Template, function: str) -> None:
    condition = conditions(template)[function, "dynamodb:GetItem", "KeysTable"]
    assert meets(condition, ATTRIBUTES)
    for other in ("secretHash", "name", EVERY_ATTRIBUTE):
        assert not meets(condition, [*ATTRIBUTES, other])
    assert condition["StringEqualsIfExists"] == {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    assert condition["ForAllValues:StringNotLike"] == {"dynamodb:LeadingKeys": [tenant_key("*")["keyId"]["S"]]}


def test_who_asks_whether_a_table_is_there_sees_no_row(template: Template) -> None:
    conditioned = conditions(template)
    tables = {logical_id for logical_id, _ in template.of_type("AWS::DynamoDB::Table")} - {
        "ItemsTable",
        "RateCountersTable",
        # Nothing waits for it: what can't be kept there is answered all the same.
        "QuestionsTable",
    }
    for table in tables:
        fact = ("DeveloperApiFunction", "dynamodb:BatchGetItem", table)
        assert conditioned[fact] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [NO_ROW]}}


def test_nothing_is_sealed_or_opened_without_its_context(template: Template) -> None:
    conditioned = conditions(template)
    for fact in granted(template):
        function, action, resource = fact
        # A MAC has no context: what is signed says whose it is.
        if action.startswith("kms:") and action != "kms:GenerateMac":
            context = ["kms:EncryptionContext:tenantId"]
            if resource == "WebhookSecretsKey":
                assert not meets(conditioned[fact], context), function
                context.append("kms:EncryptionContext:webhookId")
            assert meets(conditioned[fact], context), function
            assert not meets(conditioned[fact], []), function
