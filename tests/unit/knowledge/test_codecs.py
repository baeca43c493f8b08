"""What is written to objects and rows reads back as it was, and foreign formats are refused."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.ids import derived_id, is_id, new_id
from knowledge.index.codec import (
    Manifest,
    decode_leaf,
    decode_manifest,
    decode_node,
    encode_leaf,
    encode_manifest,
    encode_node,
    groups_to_close,
    node_ref,
)
from knowledge.index.trie import Entry, LeafRef, Tree, merkle
from knowledge.model import ChangeKind, ObjectRef
from knowledge.runs.change_file import DROP, ChangeLine, ChangePart, ChangeRow, Was, decode_part, encode_part
from knowledge.runs.checkpoint import Checkpoint, decode_checkpoint, decode_work, encode_checkpoint, encode_work
from knowledge.runs.model import PlanPart
from knowledge.storage.attributes import from_row, to_attribute, to_row
from knowledge.storage.format import UnknownFormatError

A, B = "a" * 64, "b" * 64


def leaf_ref(prefix: str) -> LeafRef:
    return LeafRef(prefix, f"key-{prefix}", A, format(int(prefix or "0", 16), "064x"), 3, 30, None)


def test_leaf_reads_back_in_id_order() -> None:
    entries = {
        "b": Entry("b", A, "Bé", "pack-1", 0, 5, 9, None),
        "a\u0000": Entry("a\u0000", B, "A", "pack-2", 5, 6, 8, 17),
    }
    assert decode_leaf(encode_leaf("", entries)) == entries
    assert list(decode_leaf(encode_leaf("", entries))) == ["a\u0000", "b"]


def test_leaf_bytes_depend_on_the_entries_alone() -> None:
    one, two = Entry("a", A, "A", "p", 0, 1, 1, None), Entry("b", B, "B", "q", 0, 1, 1, None)
    assert encode_leaf("", {"a": one, "b": two}) == encode_leaf("", {"b": two, "a": one})


def test_manifest_and_groups_read_back() -> None:
    tree = Tree(leaves={ref.prefix: ref for ref in map(leaf_ref, ("0", "1a"))})
    leaves = [leaf_ref("2b0"), leaf_ref("2bf")]
    tree.nodes["2b"] = node_ref("2b", "node-key", B, leaves)
    manifest = Manifest("t", "s", "g", None, tree.root_hash, tree)
    assert decode_manifest(encode_manifest(manifest)) == manifest
    assert decode_node(encode_node("2b", leaves)) == leaves


def test_root_hash_is_the_same_with_groups_open_or_closed() -> None:
    leaves = [leaf_ref(format(number, "03x")) for number in range(0, 4096, 9)]
    flat = Tree(leaves={ref.prefix: ref for ref in leaves})
    closed = Tree(leaves=dict(flat.leaves))
    groups = groups_to_close(flat)
    assert groups
    for prefix, members in groups.items():
        closed.nodes[prefix] = node_ref(prefix, "k", A, members)
        for member in members:
            del closed.leaves[member.prefix]
    assert closed.root_hash == flat.root_hash == merkle({ref.prefix: ref.merkle for ref in leaves})
    assert closed.entries == flat.entries


def test_up_to_256_leaves_need_no_groups() -> None:
    assert not groups_to_close(Tree(leaves={p: leaf_ref(p) for p in (format(n, "02x") for n in range(256))}))


def test_other_formats_are_refused() -> None:
    foreign = gzip.compress(json.dumps({"format": 99, "packs": [], "covered": [], "part": 0}).encode() + b"\n")
    with pytest.raises(UnknownFormatError):
        decode_leaf(foreign)
    with pytest.raises(UnknownFormatError):
        decode_part(foreign)


def test_change_part_reads_back() -> None:
    pack = ObjectRef("runs/x/pack-0000.gz", A)
    lines = [
        ChangeLine("a\n", ChangeKind.ADDED, 5, "T", Entry("a\n", A, "T", pack.key, 0, 9, 3, None), None),
        ChangeLine("b", ChangeKind.REMOVED, 6, "U", Entry("b", B, "U", "old", 1, 2, 3, 99), Was(B, "old", 1, 2)),
        ChangeLine("c", ChangeKind.TOMBSTONED, None, "V", None, Was(B, "older", 1, 2)),
        ChangeLine("d", DROP, 7, "W", None, None),
    ]
    rows: list[ChangeRow] = [
        ("a\n", "added", 5, "T", (A, 0, 0, 9, 3, None), None),
        ("b", "removed", 6, "U", (B, None, 1, 2, 3, 99), (B, 1, 1, 2)),
        ("c", "tombstoned", None, "V", None, (B, 0, 1, 2)),
        ("d", DROP, 7, "W", None, None),
    ]
    written = encode_part(3, [pack], ["older", "old"], ["jrn_1", "jrn_2"], rows)
    assert decode_part(written) == ChangePart(3, (pack,), ("jrn_1", "jrn_2"), lines)


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500])
def test_change_part_of_any_length_reads_back_in_order(count: int) -> None:
    rows: list[ChangeRow] = [(f"item-{number}", DROP, number, "", None, None) for number in range(count)]
    assert [line.rev for line in decode_part(encode_part(0, [], [], [], rows)).lines] == list(range(count))


def test_checkpoint_reads_back() -> None:
    state = Checkpoint(
        tenant_id="t",
        source_id="s",
        run_id="r",
        plan_version=2,
        full=False,
        now=5,
        grace_days=7,
        settings_version=1,
        epoch=4,
        incomplete=True,
        base_generation_id=None,
        manifest=ObjectRef("k", A),
        journal=(("jrn_1", 3),),
        work=(("a", 1), ("b", 0)),
        later=(ObjectRef("w", B),),
        position=1,
        parts=(PlanPart(0, 1, ObjectRef("p", B)),),
        tally={"added": 1},
        unread=frozenset({"b"}),
    )
    assert decode_checkpoint(encode_checkpoint(state)) == state


@pytest.mark.parametrize("work", [(), (("a", 1),), (("é", 1_795_000_000_000), ("a", 0))])
def test_piece_of_work_reads_back(work: tuple[tuple[str, int], ...]) -> None:
    assert decode_work(encode_work(work)) == work


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.binary()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(min_size=1), values))
def test_rows_read_back_without_what_is_none(row: dict[str, object]) -> None:
    assert from_row(to_row(row)) == {name: value for name, value in row.items() if value is not None}


def test_what_the_catalog_never_stores_is_refused() -> None:
    with pytest.raises(TypeError):
        to_attribute(object())


def test_ids_have_their_shape_and_derived_ones_are_one_to_one_with_tenant_and_key() -> None:
    assert is_id("src", new_id("src"))
    assert not is_id("run", new_id("src"))
    assert not is_id("src", new_id("src") + "0")
    assert derived_id("src", "t1", "k", 1) == derived_id("src", "t1", "k", 1)
    asked = [
        ("src", "t1", "k", 1),
        ("src", "t2", "k", 1),
        ("src", "t1", "l", 1),
        ("run", "t1", "k", 1),
        ("src", "t1", "k", 2),
    ]
    made = {derived_id(*each) for each in asked}
    assert len(made) == len(asked)
    assert all(is_id(made_id[:3], made_id) for made_id in made)
