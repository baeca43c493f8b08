"""Event patterns of rules and filters of mappings: moto's matcher, behind a check that it knows every filter in them.

moto lets a filter that it does not know match everything; here that is an error of the template.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.events.models import EventPattern

from local.failures import TemplateError

_SCALARS = (str, int, float, bool, type(None))
_OPERATORS = {"<", "<=", "=", ">=", ">"}


class Pattern:
    """A checked pattern."""

    def __init__(self, pattern: str | Mapping[str, Any], where: str) -> None:
        """Take a pattern as JSON or as it is in the template; TemplateError when the local stack can't match it.

        `where` names the resource in the error.
        """
        self.document = _parsed(pattern, where)
        _check(self.document, where)
        self._matcher = EventPattern(None, self.document)

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Tell whether an event, made of what JSON knows, has what the pattern asks for."""
        return self._matcher.matches_event(dict(event))  # type: ignore[arg-type]


def _parsed(pattern: str | Mapping[str, Any], where: str) -> dict[str, Any]:
    try:
        document = json.loads(pattern) if isinstance(pattern, str) else dict(pattern)
    except ValueError as error:
        raise TemplateError(f"{where}: the event pattern is not JSON: {error}") from error
    if not isinstance(document, dict) or not document:
        raise TemplateError(f"{where}: the event pattern is not an object with at least one field")
    return document


def _check(node: dict[str, Any], where: str) -> None:
    for field, value in node.items():
        if field == "$or":
            for alternative in value:
                _check(alternative, where)
        elif isinstance(value, dict) and value:
            _check(value, where)
        elif isinstance(value, list) and value:
            for entry in value:
                if not isinstance(entry, _SCALARS) and not _is_known_filter(entry):
                    raise TemplateError(f"{where}: the local stack does not match {json.dumps(entry)} in {field}")
        else:
            raise TemplateError(f"{where}: {field} of the event pattern is neither an object nor a list of values")


def _is_known_filter(entry: Any) -> bool:
    if not isinstance(entry, dict) or len(entry) != 1:
        return False
    ((name, argument),) = entry.items()
    if name == "exists":
        return isinstance(argument, bool)
    if name in {"prefix", "suffix"}:
        return isinstance(argument, str) or _is_case_blind(argument)
    if name in {"equals-ignore-case", "wildcard", "cidr"}:
        return isinstance(argument, str)
    if name == "numeric":
        return _is_range(argument)
    if name == "anything-but":
        return _is_exclusion(argument)
    return False


def _is_case_blind(argument: Any) -> bool:
    return isinstance(argument, dict) and list(argument) == ["equals-ignore-case"] and _are_strings(argument.values())


def _is_range(argument: Any) -> bool:
    if not isinstance(argument, list) or len(argument) not in {2, 4}:
        return False
    return all(entry in _OPERATORS for entry in argument[::2]) and all(
        isinstance(entry, int | float) for entry in argument[1::2]
    )


def _is_exclusion(argument: Any) -> bool:
    if isinstance(argument, dict):
        return (
            len(argument) == 1 and set(argument) <= {"prefix", "suffix", "wildcard"} and _are_strings(argument.values())
        )
    values = argument if isinstance(argument, list) else [argument]
    return bool(values) and all(isinstance(value, str | int | float) for value in values)


def _are_strings(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)
