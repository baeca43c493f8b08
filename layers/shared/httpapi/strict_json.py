"""JSON as the API reads and writes it: strict on the way in, compact and unescaped on the way out. Pure."""

from __future__ import annotations

import json
from typing import Any

from knowledge.items.json_text import JsonTextError, parse_json
from knowledge.items.problems import Problem, field_path

from httpapi.errors import InvalidJsonError


def parse(raw: bytes) -> Any:
    """Parse one JSON text by the rules of `knowledge.items.json_text`. Raises InvalidJsonError."""
    try:
        return parse_json(raw)
    except JsonTextError as error:
        raise InvalidJsonError(f"The body {error}", _details(error)) from error


def _details(error: JsonTextError) -> list[dict[str, Any]]:
    """The place, if it is in an item: then there is more to say than the line and the column."""
    place = error.place
    if place is None or not place.steps:
        return []
    problem = Problem(field_path(place.steps), str(error).removesuffix("."), place.index, place.external_item_id)
    return [problem.as_detail()]


def write(value: Any) -> str:
    """Write a value as compact JSON without escapes; a lone surrogate, which UTF-8 cannot carry, becomes `?`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text


def canonical(value: Any) -> bytes:
    """Write a value so that equal values give equal bytes, whatever the order of their names."""
    # Lone surrogates stay escaped here: this text is only hashed, and must not fail on any parsed body.
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
