"""JSON in the one form that is hashed, and objects as its bytes."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.storage.format import FORMAT, UnknownFormatError, canonical_json, pack_json, unpack_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def turned(value: Any) -> Any:
    """The same value, with the names of every object in the opposite order."""
    if isinstance(value, dict):
        return {name: turned(value[name]) for name in reversed(list(value))}
    return [turned(each) for each in value] if isinstance(value, list) else value


@given(JSON)
def test_canonical_form_reads_back_and_does_not_depend_on_the_order_of_names(value: Any) -> None:
    written = canonical_json(value)
    assert json.loads(written) == value
    assert canonical_json(turned(value)) == written


def test_canonical_form_has_no_spaces_and_no_needless_escapes() -> None:
    assert canonical_json({"b": [1, "é😀/"], "a": None}) == '{"a":null,"b":[1,"é😀/"]}'.encode()


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], "\ud800"])
def test_what_json_or_utf8_can_not_carry_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"JSON compliant|surrogates"):
        canonical_json(value)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.sampled_from([1, 6]))
def test_object_reads_back_and_its_bytes_depend_on_the_value_alone(value: dict[str, Any], level: int) -> None:
    value = {**value, "format": FORMAT}
    written = pack_json(value, level)
    assert unpack_json(written) == value
    # No clock in the gzip header: a second writer puts the same object under the same digest.
    assert written == pack_json(turned(value), level)
    assert written[4:8] == bytes(4)


@pytest.mark.parametrize("header", [{}, {"format": FORMAT + 1}, {"format": None}, {"format": str(FORMAT)}])
def test_object_of_another_format_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(UnknownFormatError, match=f"is not {FORMAT}"):
        unpack_json(gzip.compress(json.dumps(header).encode()))
