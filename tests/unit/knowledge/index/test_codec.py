"""Leaves, groups and manifests read back as they were, and foreign formats are refused."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest
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
from knowledge.storage.format import FORMAT, UnknownFormatError

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


@pytest.mark.parametrize("decode", [decode_leaf, decode_node, decode_manifest])
def test_object_of_another_format_is_refused(decode: Callable[[bytes], object]) -> None:
    foreign = gzip.compress(json.dumps({"format": FORMAT + 1}).encode())
    with pytest.raises(UnknownFormatError):
        decode(foreign)
