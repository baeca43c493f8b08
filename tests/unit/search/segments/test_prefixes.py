"""Sets of items are sorted prefixes of hashes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from search.segments.prefixes import PREFIX_BYTES, Prefixes, prefix_of


@given(st.lists(st.text(max_size=4)), st.text(max_size=4))
def test_set_has_what_was_put_in(ids: list[str], other: str) -> None:
    prefixes = Prefixes.of(map(prefix_of, ids))
    assert len(prefixes) == len(set(ids))
    assert list(prefixes) == sorted({prefix_of(each) for each in ids})
    assert all(prefix_of(each) in prefixes for each in ids)
    assert (prefix_of(other) in prefixes) == (other in ids)


def test_prefix_has_16_bytes_of_the_hash() -> None:
    assert prefix_of("a").hex() == "ca978112ca1bbdcafac231b39a23dc4d"
    assert PREFIX_BYTES == 16
