"""The web ACL that a parameter makes: it counts requests that bring no key, and answers as the API would."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from httpapi.authentication import _bearer
from httpapi.errors import EdgeError
from httpapi.keys import tokens
from httpapi.keys.model import Environment, KeyKind
from httpapi.requests import HttpRequest
from httpapi.responses import ALWAYS
from hypothesis import given
from hypothesis import strategies as st

from local.gateway.refusals import Refusals
from local.template import Template, load_template
from local.template.load import ROOT
from local.template.resolve import Resolver
from testing import spec

# https://docs.aws.amazon.com/waf/latest/developerguide/limits.html, and waf-regex-pattern-support.html
_PATTERN_CHARACTERS = 512
_UNSUPPORTED = (r"\(\?[=!<>]", r"\(\?P", r"\((?!\?:)", r"\\[1-9]")


@pytest.fixture(scope="module")
def acl() -> dict[str, Any]:
    template = load_template(ROOT / "template.yaml", ["KeylessRequestsPerMinute=100"])
    acl: dict[str, Any] = Resolver(template).resolve(template.resources["WebAcl"]["Properties"])
    return acl


def rate_rule(acl: dict[str, Any]) -> dict[str, Any]:
    (rule,) = acl["Rules"]
    statement: dict[str, Any] = rule["Statement"]["RateBasedStatement"]
    return statement


def counts(acl: dict[str, Any], authorization: str | None) -> bool:
    """Tell whether the rule counts a request with this header, as WAF does: nothing matches without it."""
    (looked_at,) = rate_rule(acl)["ScopeDownStatement"]["NotStatement"].values()
    match = looked_at["RegexMatchStatement"]
    assert match["FieldToMatch"] == {"SingleHeader": {"Name": "authorization"}}
    assert [each["Type"] for each in match["TextTransformations"]] == ["NONE"]
    return authorization is None or re.search(match["RegexString"], authorization) is None


def taken(authorization: str) -> bool:
    """Tell whether the API would look for the key that this header carries."""
    request = HttpRequest.from_event({"multiValueHeaders": {"Authorization": [authorization]}}, "/")
    try:
        tokens.parse(_bearer(request))
    except EdgeError:
        return False
    return True


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
@pytest.mark.parametrize("kind", list(KeyKind))
def test_no_request_with_a_key_is_counted(
    acl: dict[str, Any], environment: Environment, scheme: str, kind: KeyKind
) -> None:
    for _ in range(50):
        key = tokens.mint(environment, tokens.new_key_id(), kind).text
        for header in (f"{scheme} {key}", f"{scheme}  {key}", f"{scheme} \t{key}"):
            assert taken(header)
            assert not counts(acl, header)


KEY = tokens.mint(Environment.LIVE, "a" * 16).text


@pytest.mark.parametrize(
    "junk",
    [
        *(None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer sk_live_", KEY, f"Basic {KEY}", f"Bearer{KEY}"),
        *(f"Bearer {text}" for text in (f"{KEY}x", KEY[:-1], f"{KEY} {KEY}", f"{KEY[:-1]}_", f"sk_prod_{KEY[8:]}")),
        *(f"x Bearer {KEY}", f"Bearer {KEY}, x"),
    ],
)
def test_request_without_one_is(acl: dict[str, Any], junk: str | None) -> None:
    assert counts(acl, junk)


@given(st.text() | st.from_regex(f"[Bb]earer +{tokens.WELL_FORMED}", fullmatch=True))
def test_whatever_the_api_would_look_for_is_not_counted(acl: dict[str, Any], header: str) -> None:
    assert not (taken(header) and counts(acl, header))


def test_pattern_is_the_keys_own_in_what_waf_understands(acl: dict[str, Any]) -> None:
    (looked_at,) = rate_rule(acl)["ScopeDownStatement"]["NotStatement"].values()
    pattern = looked_at["RegexMatchStatement"]["RegexString"]
    assert pattern == rf"^[Bb][Ee][Aa][Rr][Ee][Rr] \s*{tokens.WELL_FORMED}$"
    assert len(pattern) <= _PATTERN_CHARACTERS
    assert not [each for each in _UNSUPPORTED if re.search(each, pattern)]


def test_refusal_is_what_the_gateway_says_of_too_many_requests(acl: dict[str, Any]) -> None:
    (rule,) = acl["Rules"]
    custom = rule["Action"]["Block"]["CustomResponse"]
    throttled = Refusals(spec.document()).response("THROTTLED", "request-1")
    body = acl["CustomResponseBodies"][custom["CustomResponseBodyKey"]]
    assert (custom["ResponseCode"], body["ContentType"]) == (throttled.status, "APPLICATION_JSON")
    assert json.loads(body["Content"]) == json.loads(throttled.body)
    headers = {each["Name"]: each["Value"] for each in custom["ResponseHeaders"]}
    assert headers == {"Retry-After": dict(throttled.headers)["Retry-After"], **ALWAYS}


def test_limit_is_the_parameter_by_the_minute_and_everything_else_passes(acl: dict[str, Any]) -> None:
    rule = rate_rule(acl)
    assert (int(rule["Limit"]), rule["EvaluationWindowSec"], rule["AggregateKeyType"]) == (100, 60, "IP")
    assert acl["DefaultAction"] == {"Allow": {}}


def test_there_is_none_unless_it_is_asked_for() -> None:
    plain, own, made = (
        load_template(ROOT / "template.yaml", parameters)
        for parameters in ([], ["WebAclArn=arn:of-mine"], ["KeylessRequestsPerMinute=100"])
    )
    assert [associated(template) for template in (plain, own)] == [[], ["arn:of-mine"]]
    (arn,) = associated(made)
    assert "webacl/local-WebAcl" in arn


def associated(template: Template) -> list[Any]:
    resolver = Resolver(template)
    associations = [each for each in template.resources.values() if each["Type"] == "AWS::WAFv2::WebACLAssociation"]
    return [
        resolver.resolve(each["Properties"]["WebACLArn"])
        for each in associations
        if resolver.resolve({"Fn::If": [each["Condition"], True, False]})
    ]
