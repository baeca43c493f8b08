"""Strict JSON: what any two receivers read alike is taken, all else is refused with its reason."""

from __future__ import annotations

import json
from decimal import Context, Decimal
from fractions import Fraction
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
        (b'{"a":\n "\xff"}', r"not valid UTF-8 \(at byte 8, line 2, column 3\)"),
        ('"ü"'.encode("utf-16"), "not valid UTF-8"),
        (b"", r"line 1, column 1"),
        (b'{"a": 1\n"b": 2}', r"line 2, column 1"),
        (b"NaN", "NaN is not a JSON value"),
        (b"[-Infinity]", "-Infinity is not a JSON value"),
        (b"1e999", r"number that is too large \(line 1, column 1\)\.$"),
        (b"[1,\n 2e-400]", r"number that a double can't hold.* \(line 2, column 2\)\.$"),
        (b"1234567890123456789.123456789", "double can't hold"),
        (b"9007199254740993.0", "double can't hold"),
        (b"1.2345678901234567890123456789e5", "double can't hold"),
        (b"1." + b"1" * 2_000_000, "double can't hold"),
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
        with pytest.raises(JsonTextError, match=f"over {JSON_LEVELS} levels"):
            parse_json(too_deep.encode())


@pytest.mark.parametrize("raw", [b"1", b'"x"', b"null", b" [ ] ", b"-0", b"1E5"])
def test_any_kind_of_value_may_stand_alone(raw: bytes) -> None:
    assert parse_json(raw) == json.loads(raw)


def test_wide_is_not_deep() -> None:
    assert len(parse_json(b"[" + b"[]," * 10_000 + b"[]]")) == 10_001


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 30))
def test_what_any_writer_makes_of_a_double_is_read(number: float, more: int) -> None:
    for text in (repr(number), f"{number:.16e}", f"{number:.{16 + more}e}", json.dumps(number)):
        assert parse_json(text.encode()) == number


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True))
def test_number_comes_back_as_the_number_it_was_or_is_refused(digits: str) -> None:
    try:
        value = parse_json(digits.encode())
    except JsonTextError:
        return
    # Nobody could tell them apart who writes as many digits as came.
    sent = Decimal(digits)
    last = int(Context(prec=99).normalize(sent).as_tuple().exponent)
    allowed = Fraction(0) if isinstance(value, int) else Fraction(10) ** last / 2
    assert abs(Fraction(value) - Fraction(sent)) <= allowed


@pytest.mark.parametrize(
    "digits", ["0.1", "0.10000000000000001", "1e22", "5e-324", "-0.0", "0e-999", "1.50", "1e0", "123456789012345.5"]
)
def test_number_that_a_double_holds_is_read(digits: str) -> None:
    assert parse_json(digits.encode()) == float(digits)
