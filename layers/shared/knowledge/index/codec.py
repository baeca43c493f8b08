"""Leaves, groups and manifests as the bytes of objects: gzipped JSON, the same bytes for the same value. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from knowledge.index.trie import (
    GROUP_DIGITS,
    GROUPED_PAST_LEAVES,
    Entries,
    Entry,
    LeafRef,
    NodeRef,
    Tree,
    merkle,
    oldest,
)
from knowledge.storage.format import FORMAT, pack_json, unpack_json

# What `Entry._make` comes to, in a third of its time: a diff reads every entry of the leaves that it touches.
_entry = tuple.__new__


@dataclass(frozen=True, slots=True)
class Manifest:
    """The root of a generation: who it is, and the tree of what it serves."""

    tenant_id: str
    source_id: str
    generation_id: str
    base_generation_id: str | None
    root_hash: str
    tree: Tree


def encode_leaf(prefix: str, entries: Entries) -> bytes:
    """Write a leaf: rows sorted by id, each naming its pack by its place in a table."""
    packs: dict[str, int] = {}
    rows = []
    for external_item_id in sorted(entries):
        entry = entries[external_item_id]
        pack = packs.setdefault(entry.pack, len(packs))
        rows.append([*entry[:3], pack, *entry[4:]])
    return pack_json({"format": FORMAT, "prefix": prefix, "packs": list(packs), "entries": rows})


def decode_leaf(data: bytes) -> Entries:
    """Read a leaf into its entries by id, in id order."""
    value = unpack_json(data)
    packs, rows = value["packs"], value["entries"]
    for row in rows:
        row[3] = packs[row[3]]
    return {row[0]: _entry(Entry, row) for row in rows}


def encode_node(prefix: str, leaves: Iterable[LeafRef]) -> bytes:
    """Write a group: the leaves under two hex digits."""
    return pack_json({"format": FORMAT, "prefix": prefix, "leaves": [list(leaf) for leaf in sorted(leaves)]})


def decode_node(data: bytes) -> list[LeafRef]:
    """Read the leaves of a group."""
    return [LeafRef(*row) for row in unpack_json(data)["leaves"]]


def encode_manifest(manifest: Manifest) -> bytes:
    """Write the root of a generation."""
    tree = manifest.tree
    return pack_json(
        {
            "format": FORMAT,
            "tenantId": manifest.tenant_id,
            "sourceId": manifest.source_id,
            "generationId": manifest.generation_id,
            "baseGenerationId": manifest.base_generation_id,
            "rootHash": manifest.root_hash,
            "leaves": [list(tree.leaves[prefix]) for prefix in sorted(tree.leaves)],
            "nodes": [list(tree.nodes[prefix]) for prefix in sorted(tree.nodes)],
        }
    )


def decode_manifest(data: bytes) -> Manifest:
    """Read the root of a generation; its groups stay closed."""
    value = unpack_json(data)
    return Manifest(
        tenant_id=value["tenantId"],
        source_id=value["sourceId"],
        generation_id=value["generationId"],
        base_generation_id=value["baseGenerationId"],
        root_hash=value["rootHash"],
        tree=Tree(
            leaves={row[0]: LeafRef(*row) for row in value["leaves"]},
            nodes={row[0]: NodeRef(*row) for row in value["nodes"]},
        ),
    )


def groups_to_close(tree: Tree) -> dict[str, list[LeafRef]]:
    """The groups of two leaves or more that become objects of their own, once there are over 256 leaves in all."""
    if len(tree.leaves) + sum(node.leaves for node in tree.nodes.values()) <= GROUPED_PAST_LEAVES:
        return {}
    groups: dict[str, list[LeafRef]] = {}
    for leaf in tree.leaves.values():
        if len(leaf.prefix) >= GROUP_DIGITS:
            groups.setdefault(leaf.prefix[:GROUP_DIGITS], []).append(leaf)
    return {prefix: leaves for prefix, leaves in groups.items() if len(leaves) > 1}


def node_ref(prefix: str, key: str, digest: str, leaves: list[LeafRef]) -> NodeRef:
    """Sum a group up for the manifest."""
    return NodeRef(
        prefix=prefix,
        key=key,
        digest=digest,
        merkle=merkle({leaf.prefix: leaf.merkle for leaf in leaves}, prefix),
        entries=sum(leaf.entries for leaf in leaves),
        content_bytes=sum(leaf.content_bytes for leaf in leaves),
        oldest_removed_at=oldest(leaf.oldest_removed_at for leaf in leaves),
        leaves=len(leaves),
    )
