"""What a target gets for an event: the event, a part of it, a constant, or what a template makes of it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_MISSING = object()
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]")
_PATH = re.compile(rf"\$(?:{_STEP.pattern})*")
# A string of the template, in which placeholders are replaced too, or a placeholder outside of one.
_PIECE = re.compile(r'"(?:\\.|[^"\\])*"|<([A-Za-z0-9_.-]+)>')
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")


class UnusableInputError(Exception):
    """Raised when an input can't be made from an event; the message says which part of the target is wrong."""


def target_input(target: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str) -> str:
    """Return the JSON text that a target gets; UnusableInputError when its settings make none."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        value = find(event, target["InputPath"])
        return json.dumps(None if value is _MISSING else value)
    if "InputTransformer" in target:
        return _transformed(target["InputTransformer"], event, rule_arn)
    return json.dumps(event)


def check_input(target: Mapping[str, Any]) -> None:
    """Raise an UnusableInputError for paths that the local stack does not read."""
    paths = [target["InputPath"]] if "InputPath" in target else []
    paths += target.get("InputTransformer", {}).get("InputPathsMap", {}).values()
    for path in paths:
        if not _PATH.fullmatch(path):
            raise UnusableInputError(f"the local stack does not read the path {path}")


def find(event: Mapping[str, Any], path: str) -> Any:
    """Return what a path such as `$.detail.object.key` leads to, or `_MISSING` when there is nothing."""
    value: Any = event
    for name, place, quoted in _STEP.findall(path):
        if place:
            value = value[int(place)] if isinstance(value, list) and int(place) < len(value) else _MISSING
        else:
            value = value.get(name or quoted, _MISSING) if isinstance(value, dict) else _MISSING
        if value is _MISSING:
            return _MISSING
    return value


def _transformed(transformer: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str) -> str:
    variables = {name: find(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    variables |= {
        "aws.events.event": event,
        "aws.events.event.json": event,
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
    }

    def value_of(name: str) -> Any:
        if name not in variables:
            raise UnusableInputError(f"the template names <{name}>, which the input paths do not define")
        return variables[name]

    def replace(match: re.Match[str]) -> str:
        if match.group(1):
            value = value_of(match.group(1))
            return '""' if value is _MISSING else json.dumps(value)
        return _PLACEHOLDER.sub(lambda inner: _within_string(value_of(inner.group(1))), match.group())

    text = _PIECE.sub(replace, transformer["InputTemplate"])
    try:
        json.loads(text)
    except ValueError as error:
        raise UnusableInputError(f"the template makes no JSON of the event: {error}") from error
    return text


def _within_string(value: Any) -> str:
    if value is _MISSING:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]
