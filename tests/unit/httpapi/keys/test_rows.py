"""Keys as rows, and back."""

from __future__ import annotations

from dataclasses import replace

from httpapi.keys.model import Key, KeyKind, KeySpec
from httpapi.keys.rows import key_from_row, key_to_row, row_changes
from httpapi.keys.scopes import Scope
from hypothesis import given
from hypothesis import strategies as st
from knowledge.environments import Environment
from knowledge.limits import ENDED_KEY_KEPT_MS

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
    st.none() | texts,
    st.sampled_from(KeyKind),
    st.none() | st.lists(texts, max_size=3).map(tuple),
    *(st.none() | numbers for _ in range(3)),
)
times = st.none() | numbers
names = st.none() | texts
# All that a change of a key can write.
keys = st.builds(
    Key,
    texts,
    texts,
    specs,
    texts,
    numbers,
    revoked_at=times,
    disabled_at=times,
    rotated_from=names,
    rotated_to=names,
    line=names,
    share=numbers,
    share_leaves_at=times,
    overlap_until=times,
    revision=numbers,
    sessions=st.dictionaries(texts, numbers, max_size=3),
)


@given(keys)
def test_key_reads_back(key: Key) -> None:
    assert key_from_row(key_to_row(key)) == key


@given(keys, numbers)
def test_what_is_written_beside_a_change_reads_back(key: Key, used_at: int) -> None:
    read = key_from_row(key_to_row(key) | {"lastUsedAt": {"N": str(used_at)}, "suspendedAt": {"N": "5"}})
    assert (read.last_used_at, read.suspended) == (used_at, True)


@given(keys, keys)
def test_change_makes_the_row_of_what_it_changes_to(before: Key, after: Key) -> None:
    written, taken_out = row_changes(before, after)
    row = {name: value for name, value in key_to_row(before).items() if name not in taken_out} | written
    assert row == key_to_row(after)
    assert not written.keys() & set(taken_out)
    assert row_changes(before, before) == ({}, [])


def test_only_a_key_of_which_something_leaves_is_in_the_index_of_shares() -> None:
    key = Key("k", "ten_1", KeySpec("a"), "h", 1, share=120)
    assert "leavingTenantId" not in key_to_row(key)
    leaving = key_to_row(replace(key, share_leaves_at=5))
    assert (leaving["leavingTenantId"], leaving["shareLeavesAt"]) == ({"S": "ten_1"}, {"N": "5"})


def test_row_goes_by_itself_once_the_key_ended_and_holds_no_share() -> None:
    key = Key("k", "ten_1", KeySpec("a", expires_at=8_000), "h", 1, share=120)
    assert "ttl" not in key_to_row(key)
    assert key_to_row(replace(key, share=0))["ttl"] == {"N": str(8 + ENDED_KEY_KEPT_MS // 1000)}
    assert key_to_row(replace(key, share=0, revoked_at=5_000))["ttl"] == {"N": str(5 + ENDED_KEY_KEPT_MS // 1000)}
    assert "ttl" not in key_to_row(Key("k", "ten_1", KeySpec("a"), "h", 1))
