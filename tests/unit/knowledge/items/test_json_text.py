"""Strict JSON: what any two receivers read alike is taken, all else is refused with its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.items.json_text import JsonTextError, parse_json
from knowledge.limits import JSON_LEVELS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON, st.booleans(), st.sampled_from([None, 2]))
def test_any_value_is_read_however_it_was_written(value: Any, escaped: bool, indent: int | None) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=escaped, indent=indent).encode()) == value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,0123456789.eE-+ \n\\untrfalsNI', max_size=40).map(str.encode))
def test_any_bytes_are_read_as_every_parser_reads_them_or_refused(raw: bytes) -> None:
    try:
        value = parse_json(raw)
    except JsonTextError as error:
        # The message goes on after the name of what was read.
        assert str(error).startswith(("is ", "holds ", "starts "))
        assert str(error).endswith(".")
    else:
        assert value == json.loads(raw)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a": "\xff"}', r"not valid UTF-8 \(at byte 7\)"),
        ('"ü"'.encode("utf-16"), "not valid UTF-8"),
        (b"", r"line 1, column 1"),
        (b'{"a": 1\n"b": 2}', r"line 2, column 1"),
        (b"NaN", "NaN is not a JSON value"),
        (b"[-Infinity]", "-Infinity is not a JSON value"),
        (b"1e999", "number that is too large"),
        (b"-1e999", "number that is too large"),
        (b"1" * 5_000, "number that is too long"),
        (b'{"a": 1, "b": 2, "a": 1}', 'the name "a" is twice'),
        (rb'{"a": 1, "\u0061": 2}', 'the name "a" is twice'),
        (b'[{"x": {"q": 1, "q": null}}]', 'the name "q" is twice'),
        (b"{'a': 1}", "not valid JSON"),
        (b"[1,]", "not valid JSON"),
        (b"{} {}", "not valid JSON"),
        (b'"a\nb"', "not valid JSON"),
    ],
)
def test_what_receivers_differ_on_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(JsonTextError, match=reason):
        parse_json(raw)


def test_line_of_a_file_names_its_column_alone() -> None:
    with pytest.raises(JsonTextError, match=r"\(column 7\)"):
        parse_json(b'{"a": }', one_line=True)


@pytest.mark.parametrize(("opening", "levels", "closing"), [("[", 1, "]"), ('{"a":', 1, "}"), ('[{"a":', 2, "}]")])
def test_nesting_is_bounded_in_lists_and_objects_alike(opening: str, levels: int, closing: str) -> None:
    deepest = JSON_LEVELS // levels
    parse_json((opening * deepest + "1" + closing * deepest).encode())
    for too_deep in (f"[{opening * deepest}1{closing * deepest}]", opening * 100_000):
        with pytest.raises(JsonTextError, match="over 32 levels"):
            parse_json(too_deep.encode())


@pytest.mark.parametrize("raw", [b"1", b'"x"', b"null", b" [ ] ", b"-0", b"1E5"])
def test_any_kind_of_value_may_stand_alone(raw: bytes) -> None:
    assert parse_json(raw) == json.loads(raw)


def test_wide_is_not_deep() -> None:
    assert len(parse_json(b"[" + b"[]," * 10_000 + b"[]]")) == 10_001
