import pytest

from local.failures import TemplateError
from local.template.load import Template
from local.template.resolve import Resolver


@pytest.fixture
def resolver(tmp_path) -> Resolver:
    resources = {
        "Table": {"Type": "AWS::DynamoDB::Table"},
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Machine": {"Type": "AWS::StepFunctions::StateMachine"},
        "Key": {"Type": "AWS::KMS::Key"},
        "Topic": {"Type": "AWS::SNS::Topic"},
    }
    return Resolver(Template(tmp_path, resources, {}, {"LogLevel": "INFO"}), prefix="test")


TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/test-Table"
MACHINE_ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:test-Machine"


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "Table"}, "test-Table"),
        ({"Ref": "Bucket"}, "test-bucket"),
        ({"Ref": "Machine"}, MACHINE_ARN),
        ({"Ref": "LogLevel"}, "INFO"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, TABLE_ARN),
        ({"Fn::Sub": "${Table}/${Table.Arn}/${AWS::Partition}/${!Kept}"}, f"test-Table/{TABLE_ARN}/aws/${{Kept}}"),
        ({"Fn::Sub": ["${Own}-${Bucket}", {"Own": {"Ref": "Table"}}]}, "test-Table-test-bucket"),
        ({"Fn::Join": ["/", ["a", {"Ref": "Table"}, 3]]}, "a/test-Table/3"),
        ({"Fn::Split": ["-", {"Ref": "Table"}]}, ["test", "Table"]),
        ({"Fn::Select": [1, {"Fn::Split": ["/", {"Fn::Sub": "${LogLevel}/${LogLevel}"}]}]}, "INFO"),
        (
            {"Deep": [{"Ref": "Table"}, {"Ref": "AWS::NoValue"}], "Gone": {"Ref": "AWS::NoValue"}},
            {"Deep": ["test-Table"]},
        ),
        (["plain", 7, True, None], ["plain", 7, True]),
    ],
)
def test_references_become_local_names(resolver: Resolver, value: object, resolved: object) -> None:
    assert resolver.resolve(value) == resolved


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Nowhere"},
        {"Fn::GetAtt": ["Table", "StreamArn"]},
        {"Fn::GetAtt": ["Topic", "Arn"]},
        {"Fn::Select": [0, []]},
    ],
)
def test_what_cannot_be_resolved_is_an_error_of_the_template(resolver: Resolver, value: object) -> None:
    with pytest.raises(TemplateError):
        resolver.resolve(value)


def test_key_id_is_a_uuid_that_stays_the_same(resolver: Resolver) -> None:
    assert resolver.name("Key") == resolver.name("Key")
    assert len(resolver.name("Key")) == 36


def test_physical_name_leads_back_to_its_resource(resolver: Resolver) -> None:
    assert resolver.logical_id("test-bucket") == "Bucket"
    with pytest.raises(KeyError):
        resolver.logical_id("other-bucket")
