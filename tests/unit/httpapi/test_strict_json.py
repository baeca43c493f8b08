"""Strict JSON in, compact JSON out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from httpapi import strict_json
from httpapi.errors import InvalidJsonError
from hypothesis import given
from hypothesis import strategies as st
from knowledge.limits import JSON_LEVELS

DEEPER = JSON_LEVELS + 1

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_written_value_parses_back(value: Any) -> None:
    text = strict_json.write(value)
    assert strict_json.parse(text.encode()) == value


@given(JSON)
def test_canonical_form_does_not_depend_on_the_order_of_names(value: Any) -> None:
    shuffled = json.loads(json.dumps(value), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert strict_json.canonical(shuffled) == strict_json.canonical(value)


@given(st.binary(max_size=200))
def test_any_bytes_parse_or_are_refused(raw: bytes) -> None:
    try:
        strict_json.parse(raw)
    except InvalidJsonError as error:
        assert str(error)


@pytest.mark.parametrize("depth", [1, JSON_LEVELS])
def test_nesting_up_to_the_limit_is_taken(depth: int) -> None:
    strict_json.parse(b"[" * depth + b"]" * depth)


@pytest.mark.parametrize(
    "text", [b"[" * DEEPER + b"]" * DEEPER, b'{"a":' * DEEPER + b"1" + b"}" * DEEPER, b"[" * 200_000]
)
def test_deeper_nesting_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidJsonError):
        strict_json.parse(text)


def test_repeated_name_is_named() -> None:
    with pytest.raises(InvalidJsonError, match='"a" is twice'):
        strict_json.parse(b'{"x": [{"b": 1, "a": 1, "a": 2}]}')


def test_lone_surrogate_is_replaced_on_the_way_out() -> None:
    assert strict_json.write({"a": "\ud800ü"}) == '{"a":"?ü"}'
