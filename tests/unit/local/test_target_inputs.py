"""What targets get for an event."""

import json
from typing import Any

import pytest

from local.events.inputs import UnusableInputError, check_input, target_input

RULE = "arn:aws:events:us-east-1:123456789012:rule/local-Rule"
EVENT = {
    "id": "1",
    "time": "2026-01-01T00:00:00Z",
    "detail": {"key": 'a "quoted" name', "size": 5, "tags": ["x", "y"], "odd name": 1},
}


def transformed(template: str, **paths: str) -> Any:
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    return json.loads(target_input({"InputTransformer": transformer}, EVENT, RULE))


@pytest.mark.parametrize(
    ("target", "given"),
    [
        ({}, EVENT),
        ({"Input": '{"constant": 1}'}, {"constant": 1}),
        ({"InputPath": "$.detail.tags[1]"}, "y"),
        ({"InputPath": "$.detail['odd name']"}, 1),
        ({"InputPath": "$"}, EVENT),
        ({"InputPath": "$.detail.absent"}, None),
    ],
)
def test_target_gets_the_part_it_asks_for(target: dict, given: Any) -> None:
    assert json.loads(target_input(target, EVENT, RULE)) == given


def test_template_quotes_strings_and_keeps_other_values() -> None:
    made = transformed(
        '{"key": <key>, "size": <size>, "tags": <tags>, "text": "<key> of <size> in <tags>"}',
        key="$.detail.key",
        size="$.detail.size",
        tags="$.detail.tags",
    )
    assert made == {
        "key": 'a "quoted" name',
        "size": 5,
        "tags": ["x", "y"],
        "text": 'a "quoted" name of 5 in ["x", "y"]',
    }


def test_template_knows_the_event_and_the_rule() -> None:
    made = transformed('{"e": <aws.events.event>, "t": "<aws.events.event.json>", "r": "<aws.events.rule-name>"}')
    assert made["e"] == EVENT
    assert json.loads(made["t"]) == EVENT
    assert made["r"] == "local-Rule"


def test_path_that_leads_nowhere_leaves_nothing() -> None:
    assert transformed('{"a": <a>, "b": "-<a>-"}', a="$.detail.absent") == {"a": "", "b": "--"}


@pytest.mark.parametrize("template", ["{<a>}", '{"a": <b>}', "plain <a>"])
def test_template_that_makes_no_json_is_an_error(template: str) -> None:
    with pytest.raises(UnusableInputError):
        transformed(template, a="$.detail.key")


def test_path_that_is_not_known_is_an_error() -> None:
    with pytest.raises(UnusableInputError):
        check_input({"InputPath": "$..key"})
