"""Keys as rows, and back."""

from __future__ import annotations

from httpapi.keys.model import Environment, Key, KeySpec, Scope
from httpapi.keys.rows import key_from_row, key_to_row
from hypothesis import given
from hypothesis import strategies as st

numbers = st.integers(0, 10**14)
texts = st.text(min_size=1)
specs = st.builds(
    KeySpec,
    texts,
    st.lists(st.sampled_from(Scope), max_size=4).map(tuple),
    # None stands for every source: an empty choice must not come back as it.
    st.none() | st.lists(texts, max_size=3).map(tuple),
    numbers,
    st.none() | numbers,
    st.sampled_from(Environment),
)
keys = st.builds(Key, texts, texts, specs, texts, numbers)


@given(keys)
def test_new_key_reads_back(key: Key) -> None:
    assert key_from_row(key_to_row(key)) == key


@given(keys, numbers, numbers, texts)
def test_what_is_written_later_reads_back(key: Key, revoked_at: int, used_at: int, successor: str) -> None:
    later = {"revokedAt": {"N": str(revoked_at)}, "lastUsedAt": {"N": str(used_at)}, "rotatedTo": {"S": successor}}
    read = key_from_row(key_to_row(key) | later | {"uncounted": {"BOOL": True}})
    assert (read.revoked_at, read.last_used_at, read.rotated_to) == (revoked_at, used_at, successor)
    assert not read.counted
