"""What containers are told: the functions' own variables, and the emulators at an address that containers reach."""

from pathlib import Path

from local.emulators.containers import container_environment, ports_here
from local.template.load import Template, read_yaml
from local.template.resolve import Resolver

SERVICES = {
    "AWS_REGION": "us-east-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:5000",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://dynamodb.example:8000",
}
RESOURCES = {
    "Table": {"Type": "AWS::DynamoDB::Table"},
    "ReadFunction": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Environment": {"Variables": {"TABLE": {"Ref": "Table"}, "AWS_ENDPOINT_URL": {"Ref": "AWS::NoValue"}}}
        },
    },
    "PlainFunction": {"Type": "AWS::Lambda::Function", "Properties": {}},
}


def test_emulators_of_this_machine_are_named_by_the_address() -> None:
    template = Template(Path("template.yaml"), RESOURCES, {}, {})
    environment = container_environment(template, Resolver(template, prefix="test"), SERVICES, "172.17.0.1")
    reached = SERVICES | {"AWS_ENDPOINT_URL": "http://172.17.0.1:5000"}
    assert environment == {"ReadFunction": reached | {"TABLE": "test-Table"}, "PlainFunction": reached}


def test_ports_of_other_machines_are_not_opened() -> None:
    assert ports_here(SERVICES) == [5000]
    assert ports_here({"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}) == [1]


def test_template_names_what_containers_must_be_told() -> None:
    """`sam local` overrides only what a template names; on AWS these are absent."""
    template = Path(__file__).parents[3] / "template.yaml"
    variables = read_yaml(template)["Globals"]["Function"]["Environment"]["Variables"]
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_DISABLE_HOST_PREFIX_INJECTION"):
        assert variables[name] == {"Ref": "AWS::NoValue"}
