"""JSON as strictly as every receiver should read it, for bodies and for lines of imports alike. Pure."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from knowledge.limits import JSON_LEVELS


class JsonTextError(ValueError):
    """Raised when a text is not strict JSON; the message goes on after the name of what was read."""


def parse_json(raw: bytes, *, one_line: bool = False) -> Any:
    """Parse one JSON text.

    Refuses what `json.loads` lets through although receivers differ on it: a byte order mark, NaN and infinities
    (also as an overflowing number), a name twice in one object, and nesting over 32 levels. Raises JsonTextError,
    which does not count lines in a text that is `one_line`.
    """
    if raw.startswith(b"\xef\xbb\xbf"):
        raise JsonTextError("starts with a byte order mark. Send UTF-8 without one.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonTextError(f"is not valid UTF-8 (at byte {error.start}).") from error
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite_float)
    except json.JSONDecodeError as error:
        place = f"column {error.colno}" if one_line else f"line {error.lineno}, column {error.colno}"
        raise JsonTextError(f"is not valid JSON: {error.msg} ({place}).") from error
    except RecursionError as error:
        raise JsonTextError(f"is nested over {JSON_LEVELS} levels deep.") from error
    except JsonTextError:
        raise
    except ValueError as error:  # An integer of more digits than Python converts.
        raise JsonTextError("holds a number that is too long.") from error
    _check_depth(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        name = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise JsonTextError(f"is not valid JSON: the name {json.dumps(name)} is twice in one object.")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise JsonTextError(f"is not valid JSON: {name} is not a JSON value.")


def _finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise JsonTextError("holds a number that is too large.")
    return number


def _check_depth(value: Any) -> None:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(JSON_LEVELS):
        if not level:
            return
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, (dict, list))
        ]
    if level:
        raise JsonTextError(f"is nested over {JSON_LEVELS} levels deep.")
