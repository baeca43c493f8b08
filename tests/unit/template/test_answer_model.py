"""Without AnswerModelId no function may ask a model; with it one function may ask that model alone."""

from __future__ import annotations

import re
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
from knowledge.limits import MODEL_SECONDS

from local.template import Template, load_template
from local.template.load import ROOT, read_yaml
from local.template.resolve import Resolver

PATTERN = read_yaml(ROOT / "template.yaml")["Parameters"]["AnswerModelId"]["AllowedPattern"]
HERE = "arn:aws:bedrock:us-east-1:123456789012"
MODEL, PROFILE = "amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1:0"
APPLICATION = f"{HERE}:application-inference-profile/a1b2c3d4e5f6"


@cache
def _template() -> Template:
    return load_template()


def allows(model_id: str, resource: str, *, through: str | None = None) -> bool:
    """Whether IAM would let a call pass on a resource, `through` a profile or none."""
    template = replace(_template(), parameters={**_template().parameters, "AnswerModelId": model_id})
    statements = policy_of(template)["PolicyDocument"]["Statement"]
    for statement in Resolver(template).resolve(statements):
        assert (statement["Effect"], statement["Action"]) == ("Allow", "bedrock:InvokeModel")
        listed = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        profiles = statement.get("Condition", {}).get("ArnEquals", {}).get("bedrock:InferenceProfileArn")
        if any(fnmatchcase(resource, each) for each in listed) and (profiles is None or through in profiles):
            return True
    return False


def policy_of(template: Template) -> dict[str, Any]:
    policy: dict[str, Any] = template.resources["AskModelPolicy"]["Properties"]
    return policy


def test_there_is_no_permission_without_a_model() -> None:
    template = _template()
    policies = [each for each in template.resources.values() if "bedrock:" in str(each)]
    assert policies == [template.resources["AskModelPolicy"]]
    assert policies[0]["Condition"] == "AnswersWithModel"
    assert policy_of(template)["Roles"] == [{"Ref": "SearchApiFunctionRole"}]
    condition = template.conditions["AnswersWithModel"]
    assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AnswerModelId"}, ""]}]}


@pytest.mark.parametrize("given", [MODEL, f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"])
def test_a_model_may_be_asked_where_the_stack_is(given: str) -> None:
    assert allows(given, f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}")
    assert not allows(given, f"arn:aws:bedrock:eu-west-1::foundation-model/{MODEL}")
    assert not allows(given, "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0")
    assert not allows(given, f"{HERE}:inference-profile/{PROFILE}")


@pytest.mark.parametrize(
    ("given", "arn"),
    [
        (PROFILE, f"{HERE}:inference-profile/{PROFILE}"),
        (f"{HERE}:inference-profile/{PROFILE}", f"{HERE}:inference-profile/{PROFILE}"),
        (APPLICATION, APPLICATION),
    ],
)
def test_a_profile_may_be_asked_and_its_model_through_it_alone(given: str, arn: str) -> None:
    assert allows(given, arn)
    for region in ("us-east-1", "us-west-2", ""):
        model = f"arn:aws:bedrock:{region}::foundation-model/{MODEL}"
        assert allows(given, model, through=arn)
        assert not allows(given, model)
        assert not allows(given, model, through=f"{HERE}:inference-profile/us.amazon.nova-pro-v1:0")
    assert not allows(given, f"{HERE}:inference-profile/us.amazon.nova-pro-v1:0")


def test_every_request_may_belong_to_the_default_project() -> None:
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html asks for it, too."""
    assert allows(MODEL, f"{HERE}:project/default")
    assert not allows(MODEL, f"{HERE}:project/proj_1")


@pytest.mark.parametrize(
    "value",
    [
        *("", MODEL, PROFILE, "global.anthropic.claude-haiku-4-5-20251001-v1:0", "deepseek.v3.2", APPLICATION),
        *(f"{HERE}:provisioned-model/a1b2c3d4e5f6", "arn:aws-cn:bedrock:cn-north-1::foundation-model/a.b"),
    ],
)
def test_ids_and_arns_are_taken(value: str) -> None:
    assert re.fullmatch(PATTERN, value)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "*",
            "us.*",
            "us.amazon.nova-lite-v?:0",
            "${aws:username}",
            "a b",
            "a/b",
            f"{HERE}:inference-profile/*",
            "a\n",
        ),
        *(f"{HERE}:guardrail/a", "arn:aws:s3:::bucket/key", f"{HERE}:inference-profile/", f"{HERE}:project/default"),
    ],
)
def test_what_would_widen_the_policy_is_refused(value: str) -> None:
    assert not re.fullmatch(PATTERN, value)


def test_there_is_time_for_a_model_and_what_is_around_it() -> None:
    """The gateway answers 504 after 29 s: 13 for the search, 15 for the model, one for the other provider."""
    timeout = dict(_template().of_type("AWS::Lambda::Function"))["SearchApiFunction"]["Timeout"]
    assert timeout == 29
    assert timeout - MODEL_SECONDS >= 14
