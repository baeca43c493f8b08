"""What an answer weighs where Lambda bounds it."""

from __future__ import annotations

import json

from httpapi import strict_json
from hypothesis import given
from hypothesis import strategies as st
from knowledge.envelope import envelope_bytes

texts = st.text() | st.text('"\\\x00\x01\n\t\x7féЖ汉🙂', max_size=50)
json_values = st.recursive(
    texts | st.none() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
)


@given(json_values)
def test_weight_is_that_of_the_string_in_what_the_runtime_writes(value: object) -> None:
    written = strict_json.write(value)
    # awslambdaric writes what a function returns so, from Python 3.12 on.
    carried = json.dumps({"body": written}, ensure_ascii=False).encode()
    assert envelope_bytes(written.encode()) == len(carried) - len('{"body": ""}')
