"""Values of rows as attributes of DynamoDB, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.storage.attributes import from_row, to_attribute, to_row

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.binary()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.frozensets(st.text(min_size=1), min_size=1),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(min_size=1), values))
def test_rows_read_back_without_what_is_none(row: dict[str, object]) -> None:
    assert from_row(to_row(row)) == {name: value for name, value in row.items() if value is not None}


def test_what_the_catalog_never_stores_is_refused() -> None:
    with pytest.raises(TypeError):
        to_attribute(object())
