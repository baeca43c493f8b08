"""Published indexes read from their objects: what is not what was written is refused, and near things are one read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knowledge.index import trie
from knowledge.index.blocks import Place, Ref, decode_node, encode_node
from knowledge.index.manifest import BuiltIndex, decode_manifest, digest_of, encode_manifest, manifest_bytes
from knowledge.index.names import ROWS_A_BLOCK, NamedObject, ObjectKind
from knowledge.index.nodes import Block, Inner, node_of
from knowledge.index.store import TAIL_BYTES
from knowledge.model import ObjectRef
from knowledge.storage.format import ObjectGoneError, UnknownFormatError

from tests.support.index_states import IndexStates, entries_of, entry


@pytest.fixture(scope="module")
def states() -> IndexStates:
    """Two states of one source, over more than a block of names; nobody changes them."""
    return IndexStates()


@pytest.fixture(scope="module")
def built(states: IndexStates) -> BuiltIndex:
    with mock.patch.object(trie, "LEAF_ENTRIES", 4):
        builder = states.begin(states.build({f"item-{number}": entry(f"item-{number}") for number in range(60)}))
        for number in range(ROWS_A_BLOCK + 2):
            builder.name_object(states.name(ObjectKind.RUN_PACK), number, "ab" * 32)
        builder.update({f"item-{number}": entry(f"item-{number}", "other", 7_000) for number in range(20)})
        found = builder.finish()
    assert found is not None
    return found


def everything(states: IndexStates, ref: ObjectRef) -> object:
    index = states.open(ref)
    return entries_of(index), index.named_objects(), index.manifest.member_bytes, index.manifest.base_digest


def damaged(states: IndexStates, key: str, change: Callable[[bytes], bytes]) -> IndexStates:
    """A copy of the bucket in which one object holds other bytes."""
    copy = IndexStates()
    copy.bucket.objects.update(states.bucket.objects)
    body, metadata = copy.bucket.objects[key]
    copy.bucket.objects[key] = (change(body), metadata)
    return copy


@given(st.data())
@settings(max_examples=150)
def test_state_of_which_any_bit_is_another_is_refused_or_read_as_it_was(
    states: IndexStates, built: BuiltIndex, data: st.DataObject
) -> None:
    """As it was: where the bit is part of what a later object or leaf stands for."""
    expected = everything(states, built.manifest)
    key = data.draw(st.sampled_from(sorted(states.bucket.objects)))
    size = len(states.bucket.objects[key][0])
    at, bit = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, 7))
    copy = damaged(states, key, lambda body: body[:at] + bytes((body[at] ^ 1 << bit,)) + body[at + 1 :])
    try:
        found = everything(copy, built.manifest)
    except (ObjectGoneError, UnknownFormatError):
        return
    assert found == expected
    # Its own object holds nothing that is not part of it.
    assert key != built.manifest.key


def test_manifest_of_another_object_is_refused(states: IndexStates, built: BuiltIndex) -> None:
    """As whole as the right one, under its name or at its place."""
    other = states.open(built).manifest
    first = next(key for key in sorted(states.bucket.objects) if key != built.manifest.key)
    copy = damaged(states, first, lambda _: states.bucket.objects[built.manifest.key][0])
    assert copy.open(built).manifest == other
    # Its digest is right, and it is not where it says that it is.
    with pytest.raises(ObjectGoneError):
        copy.open(ObjectRef(first, built.manifest.digest))
    digest = digest_of(manifest_bytes(states.bucket.objects[first][0]))
    with pytest.raises(ObjectGoneError):
        states.open(ObjectRef(built.manifest.key, digest))
    # Another source's.
    with pytest.raises(ObjectGoneError):
        states.open(ObjectRef(built.manifest.key.replace("src_1", "src_2"), built.manifest.digest))


def test_missing_object_and_one_of_another_format_are_refused(states: IndexStates, built: BuiltIndex) -> None:
    with pytest.raises(ObjectGoneError):
        states.open(replace(built.manifest, key=built.manifest.key + "0"))
    foreign = damaged(states, built.manifest.key, lambda body: body[:-4] + b"KBI9")
    with pytest.raises(UnknownFormatError):
        foreign.open(built)


def forged(states: IndexStates, built: BuiltIndex, change: Callable[[list[Ref]], list[Ref]]) -> ObjectRef:
    """The state again with the rows of its root block changed, sealed and digested as if nothing were amiss."""
    body = states.bucket.objects[built.manifest.key][0]
    written = manifest_bytes(body)
    manifest = decode_manifest(written)
    assert manifest.root is not None
    _, offset, length = manifest.root.place
    block = encode_node(change(decode_node(body[offset : offset + length])))
    body = body[: -len(written)] + block
    place = Place(manifest.root.place.number, len(body) - len(block), len(block))
    again = replace(manifest, root=manifest.root._replace(place=place))
    data = encode_manifest(again, hashlib.sha256(body).digest())
    states.bucket.objects[built.manifest.key] = (body + data, {})
    return ObjectRef(built.manifest.key, digest_of(data))


def test_leaf_named_at_the_place_of_another_is_refused() -> None:
    """Both are whole and of as many entries; what the wrong one hashes to is not what stands above it."""
    states = IndexStates()
    built = states.build({f"item-{number}": entry(f"item-{number}") for number in range(64)})
    assert len(entries_of(states.open(forged(states, built, list)))) == 64

    def swapped(refs: list[Ref]) -> list[Ref]:
        one, two = [at for at, ref in enumerate(refs) if not ref.is_block][:2]
        refs[one] = refs[one]._replace(place=refs[two].place, entries=refs[two].entries)
        return refs

    index = states.open(forged(states, built, swapped))
    with pytest.raises(ObjectGoneError):
        entries_of(index)
    with pytest.raises(ObjectGoneError):
        index.trie.find([f"item-{number}" for number in range(64)])


def test_block_of_other_rows_is_refused() -> None:
    states = IndexStates()
    built = states.build({f"item-{number}": entry(f"item-{number}") for number in range(64)})
    index = states.open(forged(states, built, lambda refs: refs[:-1]))
    with pytest.raises(ObjectGoneError):
        index.trie.find(["item-1"])


def test_root_and_what_lies_near_it_is_one_read() -> None:
    states = IndexStates()
    built = states.build({f"item-{number}": entry(f"item-{number}") for number in range(1_000)})
    states.bucket.reads.clear()
    index = states.open(built)
    assert index.manifest.root is not None
    root = node_of(index.manifest.root)
    assert isinstance(root, Block)
    (inner,) = index.trie.open_all([root])
    assert isinstance(inner, Inner)
    assert states.bucket.reads == [(built.manifest.key, f"bytes=-{TAIL_BYTES}")]


def test_page_of_entries_is_read_in_a_handful_of_calls() -> None:
    states = IndexStates()
    built = states.build({f"item-{number}": entry(f"item-{number}") for number in range(5_000)})
    index = states.open(built)
    states.bucket.reads.clear()
    page = index.trie.entries_from(index.trie.walk(ahead=200), ahead=200)
    assert len([next(page) for _ in range(200)]) == 200
    assert len(states.bucket.reads) <= 3


def test_names_are_read_a_block_at_a_time_and_once() -> None:
    states, rows = IndexStates(), []
    builder = states.begin()
    for number in range(40 * ROWS_A_BLOCK):
        rows.append(NamedObject(states.name(ObjectKind.RUN_PACK), number, "ab" * 32))
        builder.name_object(*rows[-1])
    builder.update({f"item-{number}": entry(f"item-{number}") for number in range(1_000)})
    built = builder.finish()
    assert built is not None
    index = states.open(built)
    states.bucket.reads.clear()
    index.look_up([5, 6, 7])
    assert index.key(6) == rows[6].name.key("ten_1", "src_1")
    # The directory, and the block.
    assert len(states.bucket.reads) == 2
    index.look_up([8])
    assert len(states.bucket.reads) == 2
    assert index.named_objects()[:-1] == rows
    assert len(states.bucket.reads) <= 4


def test_objects_of_a_run_are_those_that_it_was_the_last_to_add() -> None:
    states = IndexStates()
    first = states.build({"a": entry("a")})
    builder = states.begin(first)
    packs = [builder.own._replace(kind=ObjectKind.RUN_PACK, number=number) for number in range(2)]
    for number, pack in enumerate(packs):
        builder.name_object(pack, 10, f"{number:064x}")
    builder.update({"b": entry("b")})
    built = builder.finish()
    assert built is not None
    written = states.open(built).objects_of(f"run_{builder.own.owner}")
    assert written == [
        ObjectRef(pack.key("ten_1", "src_1"), f"{number:064x}") for number, pack in reversed(list(enumerate(packs)))
    ]
    assert states.open(built).objects_of("run_" + "0" * 25 + "9") == []
