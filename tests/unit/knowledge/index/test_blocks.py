"""Blocks read back as they were, and not when a bit of them is another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.index.blocks import (
    CHECK_BYTES,
    ROW_BYTES,
    STRIDE,
    DamagedBlockError,
    Place,
    Ref,
    decode_node,
    decode_refs,
    encode_node,
    encode_ref,
    seal,
    unseal,
)
from knowledge.storage.format import ObjectGoneError

numbers = st.integers(0, 2**32 - 1)
# A node of a block by its depth under the block's own, and by its place among those of that depth.
slots = st.integers(0, STRIDE).flatmap(lambda bits: st.tuples(st.just(bits), st.integers(0, 2**bits - 1)))
nodes = st.builds(
    Ref,
    is_block=st.booleans(),
    bits=st.just(0),
    slot=st.just(0),
    place=st.builds(Place, numbers, numbers, numbers),
    entries=numbers,
    content_bytes=st.integers(0, 2**64 - 1),
    oldest=numbers,
    merkle=st.binary(min_size=32, max_size=32),
)
refs = st.builds(lambda node, at: node._replace(bits=at[0], slot=at[1]), nodes, slots)


@given(st.lists(refs, max_size=16))
def test_node_reads_back(rows: list[Ref]) -> None:
    written = encode_node(rows)
    assert decode_node(written) == rows
    assert len(written) == len(rows) * ROW_BYTES + CHECK_BYTES


@given(refs)
def test_row_reads_back_by_itself(ref: Ref) -> None:
    assert list(decode_refs(encode_ref(ref))) == [ref]


@given(st.binary(max_size=300))
def test_what_was_sealed_is_unsealed(body: bytes) -> None:
    assert unseal(seal(body)) == body


@given(st.binary(max_size=100), st.data())
def test_block_of_which_a_bit_is_another_is_refused(body: bytes, data: st.DataObject) -> None:
    block = bytearray(seal(body))
    block[data.draw(st.integers(0, len(block) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DamagedBlockError):
        unseal(bytes(block))


@given(st.binary(max_size=100), st.integers(1, 8))
def test_block_that_lost_its_end_is_refused(body: bytes, lost: int) -> None:
    with pytest.raises(DamagedBlockError):
        unseal(seal(body)[:-lost])


def test_damage_is_an_object_that_is_gone_to_those_who_read() -> None:
    """A run is planned again then, and an apply refused, as when the object were missing."""
    assert issubclass(DamagedBlockError, ObjectGoneError)
    with pytest.raises(ObjectGoneError):
        decode_node(b"")
