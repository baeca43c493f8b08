"""The path of an item: the SHA-256 of its id, as text and as a number."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st
from knowledge.index.entries import PATH_BITS, path_number, path_of

ids = st.text(min_size=1, max_size=20)


@given(ids)
def test_path_is_the_hash_of_the_id(name: str) -> None:
    assert path_of(name) == hashlib.sha256(name.encode()).hexdigest()
    assert f"{path_number(name):0{PATH_BITS}b}" == f"{int(path_of(name)[:16], 16):064b}"


@given(st.lists(ids, unique=True))
def test_numbers_are_ordered_as_paths_are(names: list[str]) -> None:
    assert sorted(names, key=path_number) == sorted(names, key=path_of)
