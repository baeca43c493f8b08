"""What each function may do, read from template.yaml, and what it did, read from the records of a run of all tests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from local.template import Template
from local.workers.calls import CONTEXT, UNNAMED_KEY

# (function, action, resource): logical ids, `Table/index/Name`, `Bucket/folder/*`, or the name of a parameter.
Fact = tuple[str, str, str]
Condition = dict[str, dict[str, Any]]
_OTHER_BUCKET = "ImportBucketName"
# What rows and what answers a call names is no part of the record, so it meets what is said of those: unit tests look.
_ROWS_ARE_NOT_RECORDED = True


def granted(template: Template) -> set[Fact]:
    """Every permission of every function's role."""
    facts: set[Fact] = set()
    for logical_id, function in template.of_type("AWS::Serverless::Function"):
        for policy in function["Policies"]:
            facts |= set(_facts_of([logical_id], policy["Statement"]))
    for _, policy in template.of_type("AWS::IAM::ManagedPolicy"):
        functions = [role["Ref"].removesuffix("Role") for role in policy["Roles"]]
        facts |= set(_facts_of(functions, policy["PolicyDocument"]["Statement"]))
    return facts


def conditions(template: Template) -> dict[Fact, Condition]:
    """The permissions that hold under a condition, each with it."""
    found: dict[Fact, Condition] = {}
    for logical_id, function in template.of_type("AWS::Serverless::Function"):
        for policy in function["Policies"]:
            for statement in policy["Statement"]:
                if "Condition" in statement:
                    found |= dict.fromkeys(_facts_of([logical_id], [statement]), statement["Condition"])
    return found


def meets(condition: Condition, keys: Collection[str]) -> bool:
    """Tell whether a call with these keys meets a condition. KeyError for one of a kind that is not known here."""
    return all(
        _OPERATORS[operator](key, values, keys) for operator, of in condition.items() for key, values in of.items()
    )


def _names_no_other(key: str, values: Any, keys: Collection[str]) -> bool:
    if key == "dynamodb:LeadingKeys":
        return _ROWS_ARE_NOT_RECORDED
    assert key == "dynamodb:Attributes"
    return set(keys) <= set(values)


def _is_given(key: str, values: Any, keys: Collection[str]) -> bool:
    assert key.startswith(CONTEXT)
    return (key not in keys) is (values == "true")


def _is_one_of(key: str, values: Any, keys: Collection[str]) -> bool:
    return any(f"{key}={value}" in keys for value in _listed(values))


_OPERATORS: dict[str, Callable[[str, Any, Collection[str]], bool]] = {
    "ForAllValues:StringEquals": _names_no_other,
    "Null": _is_given,
    "StringEquals": _is_one_of,
    "ForAllValues:StringNotLike": lambda *_: _ROWS_ARE_NOT_RECORDED,
    "StringEqualsIfExists": lambda *_: _ROWS_ARE_NOT_RECORDED,
}


def used(template: Template, folder: Path) -> set[Fact]:
    """Every permission that some call took, with the template's names for what it was on."""
    return {fact for fact, _ in used_with_keys(template, folder)}


def used_with_keys(template: Template, folder: Path) -> set[tuple[Fact, tuple[str, ...]]]:
    """The same, each with the keys that a condition judges."""
    names = _Names(template)
    found: set[tuple[Fact, tuple[str, ...]]] = set()
    for path in folder.glob("*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            call = json.loads(line)
            fact = (call["function"], call["action"], names.of(call["action"], call["resource"]))
            found.add((fact, tuple(call.get("keys", ()))))
    return found


def _facts_of(functions: Iterable[str], statements: Iterable[dict[str, Any]]) -> Iterator[Fact]:
    for statement in statements:
        for action in _listed(statement["Action"]):
            for resource in map(_resource, _listed(statement["Resource"])):
                # A table's other actions are on the table, whatever index a statement names beside it.
                of_table = action.startswith("dynamodb:") and action not in {"dynamodb:Query", "dynamodb:Scan"}
                if not (of_table and "/index/" in resource):
                    yield from ((function, action, resource) for function in functions)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _resource(value: Any) -> str:
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Fn::GetAtt":
        return str(argument[0])
    if function == "Ref":
        return str(argument)
    if isinstance(argument, list):
        # One that is made of a parameter goes by it, whatever stands around it.
        (parameter,) = set(re.findall(r"\$\{(\w+)}", str(argument[1])))
        return str(parameter)
    text = str(argument).removeprefix("arn:${AWS::Partition}:s3:::")
    if text.startswith("arn:"):
        return text
    name, _, rest = text.partition("}")
    return name.removeprefix("${").removesuffix(".Arn") + rest


class _Names:
    """From physical names to logical ids. A name is a prefix and the logical id; a bucket's is in lower case."""

    def __init__(self, template: Template) -> None:
        self._ids = {logical_id.lower(): logical_id for logical_id in template.resources}
        functions = [function for _, function in template.of_type("AWS::Serverless::Function")]
        variables = {name: value for each in functions for name, value in each["Environment"]["Variables"].items()}
        self._keys = {name: _resource(value) for name, value in variables.items() if isinstance(value, dict)}

    def of(self, action: str, resource: str) -> str:
        name, slash, rest = resource.partition("/")
        if action.startswith(("kms:", "events:")):
            return self._keys.get(name, UNNAMED_KEY)
        logical_id = self._ids.get(name.rpartition("-")[2].lower())
        if logical_id is not None:
            return logical_id + slash + rest
        if not action.startswith("s3:"):
            raise KeyError(f"{action} on {resource}, which is nothing of template.yaml")
        return _OTHER_BUCKET + ("/*" if slash else "")
