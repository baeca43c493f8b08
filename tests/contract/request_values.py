"""Values at the bounds of a schema and beyond them, one field of a request at a time, and whether a value fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st
from jsonschema import FormatChecker, ValidationError, validators
from openapi_schema_validator import OAS30WriteValidator

from testing import spec

Schema = dict[str, Any]
Value = Any

# Texts that some pattern or format asks for; `{}` is a number that tells several of them apart.
_SAMPLES = (
    "a{}",
    "{:016}",
    "https://example.com/{}",
    "https://a{}.example.com",
    "src_{:026}",
    "run_{:026}",
    "2027-01-31T12:00:00Z",
    "2027-01-31",
    "en",
    "{}",
)
_OTHER_TYPES = (None, True, 0, 1.5, "", "text", [], {})
# Characters that some rule treats in its own way, or might.
_ALPHABET = "aZxX019-_.:/[]?#%@~ \n\x00\x7f\x85é\u017f😀\u2028"
_SURROGATE = "\ud800"


def _match(validator: Any, pattern: str, value: Value, _: Schema) -> Iterator[ValidationError]:
    # `$` is the end of a text and nothing else in JSON Schema; Python also finds it before a last line break.
    if validator.is_type(value, "string") and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


_Validator = validators.extend(OAS30WriteValidator, {"pattern": _match})
# A `uri` may be an IRI: the format is a hint for those who read the document, and the pattern is what is promised.
_FORMATS = FormatChecker(["date-time", "date"])


def validator_of(schema: Schema) -> Any:
    """Make a validator from a schema as the document has it."""
    return _Validator({**schema, "components": spec.document()["components"]}, format_checker=_FORMATS)


def sample(schema: Schema, number: int = 0) -> Value:
    """Make a value that fits; those of different numbers differ where they can."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema["type"]
    if kind == "object":
        return {name: sample(schema["properties"][name], number) for name in schema.get("required", ())}
    if kind == "array":
        return [sample(schema["items"], entry) for entry in range(schema.get("minItems", 0))]
    if kind == "string":
        fitting = [text for form in _SAMPLES if validator_of(schema).is_valid(text := form.format(number))]
        assert fitting, f"no sample fits {schema}: add one that does"
        return fitting[0]
    return schema.get("minimum", 0) if kind in {"integer", "number"} else True


def variants(schema: Schema, value: Value, place: str = "") -> Iterator[tuple[str, Value]]:
    """Change a value that fits in one field at a time, each to both sides of every bound; tell the field's place."""
    for changed in [*_OTHER_TYPES, *_at_bounds(schema)]:
        yield place, changed
    for name, field in schema.get("properties", {}).items():
        inner = value[name] if name in value else sample(field)
        for where, changed in variants(field, inner, f"{place}.{name}".lstrip(".")):
            yield where, {**value, name: changed}
        yield f"{place}.{name}".lstrip("."), {other: kept for other, kept in value.items() if other != name}
    if "properties" in schema:
        yield place, {**value, "unknown": 1}
    if "items" in schema:
        for where, changed in variants(schema["items"], sample(schema["items"]), f"{place}[]"):
            yield where, [changed]


def _at_bounds(schema: Schema) -> Iterator[Value]:
    for allowed in schema.get("enum", ()):
        yield from (allowed, f"{allowed} ", allowed.swapcase())
    for bound in ("minimum", "maximum"):
        if bound in schema:
            limit = schema[bound]
            yield from (limit - 1, limit, limit + 1, limit + 0.5, float(limit), -limit, str(limit), limit * 10**30)
    for bound in ("minLength", "maxLength"):
        for length in _around(schema, bound):
            yield from (letter * length for letter in ("a", "é", "😀"))
    for bound in ("minItems", "maxItems"):
        for length in _around(schema, bound):
            yield [sample(schema["items"], number) for number in range(length)]


def _around(schema: Schema, bound: str) -> Iterator[int]:
    if bound in schema:
        yield from range(max(0, schema[bound] - 1), schema[bound] + 2)


def text_fields(schema: Schema, value: Value, place: str = "") -> Iterator[tuple[str, Schema, Callable[[str], Value]]]:
    """Find the fields of a value that are bounded texts: their places, schemas, and what puts a text into the value."""
    if schema["type"] == "string" and "enum" not in schema and len(schema) > 1:
        yield place, schema, lambda text: text
    for name, field in schema.get("properties", {}).items():
        inner = value[name] if name in value else sample(field)
        for where, found, put in text_fields(field, inner, f"{place}.{name}".lstrip(".")):
            yield where, found, lambda text, name=name, put=put: {**value, name: put(text)}
    if "items" in schema:
        for where, found, put in text_fields(schema["items"], sample(schema["items"]), f"{place}[]"):
            yield where, found, lambda text, put=put: [put(text)]


def texts(schema: Schema, *, surrogates: bool) -> st.SearchStrategy[str]:
    """Draw texts of which some fit, some nearly do, and some are anything."""
    alphabet = st.sampled_from(_ALPHABET + _SURROGATE * surrogates)
    drawn = st.text() | st.text(alphabet) | st.lists(st.text("aB1", max_size=9), max_size=5).map("-".join)
    if "pattern" in schema:
        matching = st.from_regex(schema["pattern"])
        drawn |= matching | st.builds(_edited, matching, st.integers(0), st.text(alphabet, max_size=2), st.booleans())
    return drawn


def _edited(text: str, place: int, inserted: str, instead: bool) -> str:
    cut = place % (len(text) + 1)
    return text[:cut] + inserted + text[cut + instead :]
