"""JSON as the API reads and writes it: strict on the way in, compact and unescaped on the way out."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from httpapi.errors import InvalidJsonError

MAX_DEPTH = 32


def parse(raw: bytes) -> Any:
    """Parse one JSON text.

    Refuses what `json.loads` lets through although receivers differ on it: a byte order mark, NaN and infinities
    (also as an overflowing number), a name twice in one object, and nesting over 32 levels.

    Raises InvalidJsonError.
    """
    if raw.startswith(b"\xef\xbb\xbf"):
        raise InvalidJsonError("The body starts with a byte order mark. Send UTF-8 without one.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJsonError(f"The body is not valid UTF-8 (at byte {error.start}).") from error
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite_float)
    except json.JSONDecodeError as error:
        raise InvalidJsonError(
            f"The body is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from error
    except RecursionError as error:
        raise InvalidJsonError(f"The body is nested over {MAX_DEPTH} levels deep.") from error
    except ValueError as error:  # An integer of more digits than Python converts.
        raise InvalidJsonError("The body holds a number that is too long.") from error
    _check_depth(value)
    return value


def write(value: Any) -> str:
    """Write a value as compact JSON without escapes; a lone surrogate, which UTF-8 cannot carry, becomes `?`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text


def canonical(value: Any) -> bytes:
    """Write a value so that equal values give equal bytes, whatever the order of their names."""
    # Lone surrogates stay escaped here: this text is only hashed, and must not fail on any parsed body.
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        name = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise InvalidJsonError(f"The body is not valid JSON: the name {json.dumps(name)} is twice in one object.")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJsonError(f"The body is not valid JSON: {name} is not a JSON value.")


def _finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise InvalidJsonError("The body holds a number that is too large.")
    return number


def _check_depth(value: Any) -> None:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, (dict, list))
        ]
    if level:
        raise InvalidJsonError(f"The body is nested over {MAX_DEPTH} levels deep.")
