"""What the gateway calls is an alias; each deployment that changes a function moves it, at once or in steps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.stack import api_definition
from local.template import ROOT, Template, load_template
from local.template.load import read_template, read_yaml
from local.template.resolve import Resolver
from testing import spec

_PARAMETERS = read_yaml(ROOT / "template.yaml")["Parameters"]
_STEPS = [name for name in _PARAMETERS["DeploymentPreference"]["AllowedValues"] if name != "AllAtOnce"]
# Settings of a function that belong to none of its versions.
_OF_NO_VERSION = {"ReservedConcurrentExecutions"}
_DESCRIPTION_CHARACTERS = 256
_LONGEST_MODEL = f"arn:aws-us-gov:bedrock:us-gov-east-1:123456789012:application-inference-profile/{'9' * 64}"
_OPERATIONS = ("DeveloperApiFunction", "AdminApiFunction", "SearchApiFunction")
_FUNCTIONS = (*_OPERATIONS, "ServeSiteFunction")


@pytest.fixture(scope="module")
def translated() -> Template:
    """The template as SAM makes it of what is written."""
    return load_template()


def version_of(template: Template, function: str) -> dict[str, Any]:
    """The version that a function's alias leads to, by its logical id; a new one is published when this changes."""
    alias = template.resources[f"{function}Aliaslive"]["Properties"]
    logical_id, attribute = alias["FunctionVersion"]["Fn::GetAtt"]
    assert (alias["FunctionName"], attribute) == ({"Ref": function}, "Version")
    version = template.resources[logical_id]
    return {logical_id: Resolver(template).resolve(version["Properties"]["Description"])}


def given(template: Template, function: str) -> Any:
    """What a version of a function consists of."""
    properties = template.resources[function]["Properties"]
    kept = {name: value for name, value in properties.items() if name not in _OF_NO_VERSION}
    return Resolver(template).resolve(kept)


def altered(parameter: str, value: Any) -> Any:
    """Another value of a parameter."""
    declared = _PARAMETERS[parameter]
    if "AllowedValues" in declared:
        return next(other for other in declared["AllowedValues"] if other != value)
    return value + 1 if declared["Type"] == "Number" else f"{value}x"


def test_the_gateway_calls_the_alias_and_may(translated: Template) -> None:
    document, _ = api_definition(translated, Resolver(translated))
    methods = [method for path in document["paths"].values() for method in path.values() if isinstance(method, dict)]
    uris = {each["x-amazon-apigateway-integration"]["uri"] for each in methods}
    arns = {re.fullmatch(r".*/functions/(.*)/invocations", uri)[1] for uri in uris}
    assert arns == {Resolver(translated).arn(function) + ":live" for function in _FUNCTIONS}
    allowed = {
        permission["FunctionName"]["Ref"]
        for _, permission in translated.of_type("AWS::Lambda::Permission")
        if permission["Principal"] == "apigateway.amazonaws.com"
    }
    assert allowed == {f"{function}Aliaslive" for function in _FUNCTIONS}


def test_no_other_function_has_versions() -> None:
    """Tasks, queues and schedules call the function itself: nobody waits there, and each failure is tried again."""
    versioned = {
        name
        for name, function in read_template().of_type("AWS::Serverless::Function")
        if {"AutoPublishAlias", "DeploymentPreference"} & set(function)
    }
    assert versioned == set(_FUNCTIONS)
    assert {spec_function(each) for each in spec.operations()} == set(_OPERATIONS)


def spec_function(operation: spec.SpecOperation) -> str:
    return "".join(word.capitalize() for word in operation.function.split("_")) + "Function"


@pytest.mark.parametrize("function", _FUNCTIONS)
def test_a_parameter_that_changes_a_function_changes_its_version_and_no_other_does(
    translated: Template, function: str
) -> None:
    """SAM does not see it: what a parameter stands for is not in the hash of what is written."""
    seen = set()
    for parameter, value in translated.parameters.items():
        changed = replace(translated, parameters={**translated.parameters, parameter: altered(parameter, value)})
        differs = given(changed, function) != given(translated, function)
        # Lambda publishes no second version of the same: a description that changes alone would fail the deployment.
        assert (version_of(changed, function) != version_of(translated, function)) == differs, parameter
        seen |= {parameter} if differs else set()
    assert {"LogLevel", "Architecture"} <= seen
    assert ("CorsOrigins" in seen) == (function in _OPERATIONS)


@pytest.mark.parametrize("function", _FUNCTIONS)
def test_the_description_of_a_version_is_never_too_long(translated: Template, function: str) -> None:
    longest = {}
    # Of an ARN the description holds the end, which is as long as an id.
    assert len(_LONGEST_MODEL) > len(_LONGEST_MODEL.rpartition("/")[2]) == 64
    for model in (_LONGEST_MODEL, _LONGEST_MODEL.rpartition("/")[2]):
        assert re.fullmatch(_PARAMETERS["AnswerModelId"]["AllowedPattern"], model)
        assert not re.fullmatch(_PARAMETERS["AnswerModelId"]["AllowedPattern"], f"{model}9")
    for name, declared in _PARAMETERS.items():
        texts = [str(value) for value in declared.get("AllowedValues", [])]
        most = len(str(declared["MaxValue"])) if "MaxValue" in declared else declared.get("MaxLength", 12)
        longest[name] = max(texts, key=len, default="9" * most)
    longest["AnswerModelId"] = _LONGEST_MODEL
    (description,) = version_of(replace(translated, parameters=longest), function).values()
    assert len(description) <= _DESCRIPTION_CHARACTERS


@pytest.mark.parametrize(
    ("written", "changed", "functions"),
    [
        ("ContentUri: layers/shared/", "ContentUri: other/", _FUNCTIONS),
        ("CodeUri: functions/developer_api/", "CodeUri: other/", ["DeveloperApiFunction"]),
        ("    Timeout: 29\n", "    Timeout: 28\n", _OPERATIONS),
    ],
)
def test_code_of_a_function_and_of_the_layer_and_settings_make_a_new_version(
    translated: Template, tmp_path: Path, written: str, changed: str, functions: Sequence[str]
) -> None:
    """Nearly all code is in the layer, which SAM by default does not look at."""
    for entry in ("functions", "layers", "statemachines", "openapi.yaml"):
        (tmp_path / entry).symlink_to(ROOT / entry)
    (tmp_path / "other").mkdir()
    text = (ROOT / "template.yaml").read_text("utf-8")
    assert written in text
    (tmp_path / "template.yaml").write_text(text.replace(written, changed))
    found = load_template(tmp_path / "template.yaml")
    moved = {name for name in _FUNCTIONS if version_of(found, name).keys() != version_of(translated, name).keys()}
    assert moved == set(functions)


def test_by_default_the_alias_moves_at_once(translated: Template) -> None:
    assert [name for name, each in translated.resources.items() if each["Type"].startswith("AWS::CodeDeploy")] == []
    assert "UpdatePolicy" not in translated.resources["DeveloperApiFunctionAliaslive"]


@pytest.mark.parametrize("steps", [_STEPS[0], _STEPS[-1]])
def test_in_steps_an_alarm_moves_the_alias_back(steps: str) -> None:
    template = load_template(overrides=[f"DeploymentPreference={steps}"])
    alarms = dict(template.of_type("AWS::CloudWatch::Alarm"))
    for function in _FUNCTIONS:
        policy = template.resources[f"{function}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        group = template.resources[policy["DeploymentGroupName"]["Ref"]]["Properties"]
        assert Resolver(template).resolve(group["DeploymentConfigName"]) == f"CodeDeployDefault.Lambda{steps}"
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        watching = {each["Name"]["Ref"] for each in group["AlarmConfiguration"]["Alarms"]}
        own = function.replace("Function", "ErrorsAlarm")
        assert watching == {"ServerErrorsAlarm", own}
        assert alarms[own]["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": function}}]
        # Seen within the shortest step: CloudWatch looks each minute at the period that ends then.
        assert all(alarms[name]["Period"] * alarms[name]["EvaluationPeriods"] <= 300 for name in watching)


def test_every_way_to_deploy_is_mapped() -> None:
    mapped = read_yaml(ROOT / "template.yaml")["Mappings"]["Steps"]
    assert {name: each["Enabled"] for name, each in mapped.items()} == {"AllAtOnce": "false"} | dict.fromkeys(
        _STEPS, "true"
    )
