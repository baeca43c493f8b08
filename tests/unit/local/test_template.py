"""What template.yaml must keep to; it is read as it is written, without SAM."""

from collections.abc import Iterator

import pytest

from local.template import Template
from local.template.load import ROOT, read_template, read_yaml
from local.template.resolve import Resolver
from local.template.tables import resource_environment, table_requests

OF_THE_BUCKET = {"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"}


@pytest.fixture(scope="module")
def template() -> Template:
    return read_template()


def statements(template: Template) -> Iterator[tuple[str, dict]]:
    for kind in ("AWS::Serverless::Function", "AWS::Serverless::StateMachine"):
        for logical_id, properties in template.of_type(kind):
            for policy in properties["Policies"]:
                for statement in policy["Statement"]:
                    yield logical_id, statement


def test_roles_name_actions_and_resources(template: Template) -> None:
    for logical_id, statement in statements(template):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if "*" in action], logical_id
        if statement["Sid"] != "DeliverLogs":
            assert "*" not in (
                statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            )


def test_objects_are_reached_by_prefix_only(template: Template) -> None:
    for logical_id, statement in statements(template):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        # To tell a missing object from a forbidden one, or to find versions and uploads, takes a right to the bucket.
        if actions[0].startswith("s3:") and actions[0] not in OF_THE_BUCKET:
            resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            for resource in resources:
                assert resource["Fn::Sub"].count("/") == 2, (logical_id, resource)


def test_tables_are_kept_backed_up_and_protected(template: Template) -> None:
    tables = dict(template.of_type("AWS::DynamoDB::Table"))
    assert set(tables) == {
        "CatalogTable",
        "KeysTable",
        "ItemsTable",
        "IdempotencyTable",
        "RateCountersTable",
        "AuditTable",
        "QuestionsTable",
    }
    for logical_id, table in tables.items():
        assert template.resources[logical_id]["DeletionPolicy"] == "Retain"
        assert template.resources[logical_id]["UpdateReplacePolicy"] == "Retain"
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["DeletionProtectionEnabled"] is True
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["SSESpecification"] == {"SSEEnabled": True}


def test_every_function_has_its_folder_logs_and_log_group(template: Template) -> None:
    for logical_id, function in template.of_type("AWS::Serverless::Function"):
        folder = function["CodeUri"].split("/")[1]
        assert (ROOT / function["CodeUri"] / "app.py").is_file()
        assert logical_id == "".join(word.capitalize() for word in folder.split("_")) + "Function"
        assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == folder
        assert template.resources[function["LoggingConfig"]["LogGroup"]["Ref"]]["Type"] == "AWS::Logs::LogGroup"


def test_every_operation_is_integrated_with_a_function_of_the_template(template: Template) -> None:
    functions = dict(template.of_type("AWS::Serverless::Function"))
    document = read_yaml(ROOT / "openapi.yaml")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method == "parameters":
                continue
            integration = operation["x-amazon-apigateway-integration"]
            assert integration["type"] == "aws_proxy", (path, method)
            assert integration["httpMethod"] == "POST", (path, method)
            name = integration["uri"]["Fn::Sub"].split("${")[-1].split(".Arn}")[0]
            assert name in functions, (path, method)
            administering = path.startswith(("/v1/admin/", "/v1/portal/"))
            assert (name == "AdminApiFunction") == administering, (path, method)
            searching = path.startswith(("/v1/answers", "/v1/mcp", "/v1/search"))
            assert (name == "SearchApiFunction") == searching, (path, method)
            assert (name == "ServeSiteFunction") == path.startswith(("/site/", "/openapi.json")), (path, method)


def test_table_requests_follow_the_template(template: Template) -> None:
    requests = table_requests(template, Resolver(template, prefix="test"))
    assert requests["CatalogTable"]["TableName"] == "test-CatalogTable"
    assert requests["CatalogTable"]["LocalSecondaryIndexes"][0]["IndexName"] == "ByOrder"
    assert requests["KeysTable"]["GlobalSecondaryIndexes"][0]["IndexName"] == "ByTenant"
    assert "DeletionProtectionEnabled" not in requests["CatalogTable"]


def test_environment_names_every_resource(template: Template) -> None:
    environment = resource_environment(template, Resolver(template, prefix="test"))
    assert environment["CATALOG_TABLE"] == "test-CatalogTable"
    assert environment["CONTENT_BUCKET"] == "test-contentbucket"
    assert environment["DIFF_AND_APPLY_ARN"].endswith(":stateMachine:test-DiffAndApplyStateMachine")
