"""Leaves: columns read back as they were, and a change comes to what the whole written anew comes to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.index.blocks import DamagedBlockError, seal
from knowledge.index.entries import Entries, Entry
from knowledge.index.leaf import LEAF_ENTRIES, columns_of, decode_leaf, encode_leaf

from tests.support.index_states import entry

ids = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=8)
numbers = st.integers(0, 2**32 - 1)


@st.composite
def records(draw: Any) -> bytes:
    """Fingerprints: a bit for each field that is there, and four bytes of each."""
    presence = draw(st.integers(0, 255))
    return bytes((presence,)) + draw(st.binary(min_size=4, max_size=4)) * presence.bit_count()


def entries_named(names: Any) -> Any:
    return st.builds(
        Entry,
        external_item_id=names,
        content_hash=st.binary(min_size=32, max_size=32).map(bytes.hex),
        title=st.text(max_size=8),
        pack=numbers,
        offset=numbers,
        length=numbers,
        content_bytes=numbers,
        removed_at=st.none() | st.integers(1, 2**53),
        fields=records(),
    )


def as_dict(found: list[Entry]) -> Entries:
    return {each.external_item_id: each for each in found}


sets = st.lists(entries_named(ids), min_size=1, max_size=8, unique_by=lambda each: each.external_item_id).map(as_dict)
few = st.sampled_from("abcdefgh")
small_sets = st.lists(entries_named(few), min_size=1, max_size=8, unique_by=lambda each: each.external_item_id).map(
    as_dict
)


@given(sets)
def test_leaf_reads_back_in_the_order_of_ids(entries: Entries) -> None:
    assert decode_leaf(encode_leaf(columns_of(entries.values()))).entries() == sorted(entries.values())


@given(sets, st.randoms(use_true_random=False))
def test_bytes_and_hash_depend_on_the_entries_alone(entries: Entries, random: Any) -> None:
    shuffled = list(entries.values())
    random.shuffle(shuffled)
    one, two = columns_of(entries.values()), columns_of(shuffled)
    assert one.merkle() == two.merkle()
    assert encode_leaf(one) == encode_leaf(two)


@given(small_sets, st.dictionaries(few, st.none() | entries_named(few), min_size=1))
def test_change_comes_to_what_the_whole_written_anew_comes_to(entries: Entries, drawn: dict[str, Any]) -> None:
    """Also when only numbers change, and the compressed texts are kept."""
    changes = {name: None if new is None else new._replace(external_item_id=name) for name, new in drawn.items()}
    after = {name: each for name, each in {**entries, **changes}.items() if each is not None}
    changed = decode_leaf(encode_leaf(columns_of(entries.values()))).put(sorted(changes.items(), key=str))
    if changed is None:
        assert not after
        return
    assert changed.entries() == sorted(after.values())
    assert encode_leaf(changed) == encode_leaf(columns_of(after.values()))
    assert changed.merkle() == columns_of(after.values()).merkle()


def test_title_that_changes_is_compressed_anew_and_one_that_does_not_is_kept() -> None:
    read = decode_leaf(encode_leaf(columns_of([entry("a"), entry("b")])))
    text = read.text
    kept = read.put([("a", entry("a", "other"))])
    assert kept is not None
    assert kept.text is text is not None
    renamed = kept.put([("b", entry("b")._replace(title="Another"))])
    assert renamed is not None
    assert decode_leaf(encode_leaf(renamed)).titles == ["Title of a", "Another"]


@given(entries_named(ids))
def test_hash_is_of_ids_and_contents_and_nothing_else(one: Entry) -> None:
    known = columns_of([one]).merkle()
    moved = one._replace(pack=1, offset=2, length=3, content_bytes=4, removed_at=5, title="other", fields=b"\0")
    assert columns_of([moved]).merkle() == known
    assert (
        columns_of([one._replace(content_hash="a" * 64 if one.content_hash != "a" * 64 else "b" * 64)]).merkle()
        != known
    )
    assert columns_of([one._replace(external_item_id=one.external_item_id + "x")]).merkle() != known


def test_hash_tells_ids_apart_that_read_the_same_side_by_side() -> None:
    one = columns_of([entry("a"), entry("bc")]).merkle()
    assert one != columns_of([entry("ab"), entry("c")]).merkle()


@given(sets)
def test_sums_are_those_of_the_entries(entries: Entries) -> None:
    columns = columns_of(entries.values())
    assert columns.content_bytes == sum(each.content_bytes for each in entries.values())
    removals = [each.removed_at // 1000 for each in entries.values() if each.removed_at is not None]
    assert columns.oldest == min(removals, default=0)


def test_leaf_of_the_most_entries_reads_back() -> None:
    full = [entry(f"item-{number:03d}", removed_at=number + 1) for number in range(LEAF_ENTRIES)]
    assert decode_leaf(encode_leaf(columns_of(full))).entries() == full


def test_entry_without_fingerprints_reads_back() -> None:
    bare = Entry("a", "a" * 64, "t", 0, 0, 0, 0, None)
    assert decode_leaf(encode_leaf(columns_of([bare]))).entries() == [bare]


@given(sets, st.data())
def test_leaf_of_which_a_bit_is_another_is_refused(entries: Entries, data: st.DataObject) -> None:
    block = bytearray(encode_leaf(columns_of(entries.values())))
    block[data.draw(st.integers(0, len(block) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DamagedBlockError):
        decode_leaf(bytes(block))


@pytest.mark.parametrize("body", [b"", b"\1", b"\2\0" + bytes(100), b"\0\0"])
def test_sealed_bytes_that_are_no_leaf_are_refused(body: bytes) -> None:
    with pytest.raises(DamagedBlockError):
        decode_leaf(seal(body))


def test_leaf_that_counts_other_than_it_has_ids_is_refused() -> None:
    columns = columns_of([entry("a"), entry("b")])
    text = columns_of([entry("a"), entry("b"), entry("c")])
    encode_leaf(text)
    columns.text = text.text
    with pytest.raises(DamagedBlockError):
        decode_leaf(encode_leaf(columns))
