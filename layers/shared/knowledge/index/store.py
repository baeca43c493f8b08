"""Generations' indexes in the bucket: reading leaves on demand, and writing the ones that changed beside the old."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

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
from knowledge.index.trie import (
    Entries,
    Entry,
    LeafRef,
    NodeRef,
    Tree,
    groups_on_the_way,
    leaf_merkle,
    oldest,
    path_of,
    update,
)
from knowledge.model import ObjectRef
from knowledge.storage.clients import Fanout
from knowledge.storage.objects import ObjectStore

_LEAVES_AT_A_TIME = 64


def manifest_key(tenant_id: str, source_id: str, name: str) -> str:
    """Where the root of a generation lies, which is called after it."""
    return f"manifests/{tenant_id}/{source_id}/{name}.json.gz"


def index_folder(tenant_id: str, source_id: str, generation_id: str) -> str:
    """Where the leaves and groups lie that a generation wrote."""
    return f"index/{tenant_id}/{source_id}/{generation_id}"


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class IndexStore:
    """Manifests, groups and leaves. Raises ObjectGoneError when an object that is read does not have its digest."""

    objects: ObjectStore
    fanout: Fanout

    def read_manifest(self, ref: ObjectRef) -> Manifest:
        """Read the root of a generation."""
        return decode_manifest(self.objects.get(ref))

    def open_groups(self, tree: Tree, prefixes: Iterable[str]) -> None:
        """Load closed groups into the tree."""
        nodes = [tree.nodes[prefix] for prefix in sorted(prefixes)]
        for node, leaves in zip(nodes, self.fanout.map(self.read_group, nodes), strict=True):
            tree.open_node(node.prefix, leaves)

    def load_leaves(self, refs: Collection[LeafRef]) -> Mapping[str, Entries]:
        """Read leaves of one tree; entries by prefix and id."""
        return {ref.prefix: entries for ref, entries in zip(refs, self.read_leaves(refs), strict=True)}

    def read_leaves(self, refs: Collection[LeafRef]) -> list[Entries]:
        """Read leaves, in the order they are named."""
        return self.fanout.map(lambda ref: decode_leaf(self.objects.get(ObjectRef(ref.key, ref.digest))), refs)

    def read_group(self, node: NodeRef) -> list[LeafRef]:
        """Read the leaves that a group names."""
        return decode_node(self.objects.get(ObjectRef(node.key, node.digest)))

    def copy_on_write(
        self,
        tree: Tree,
        changes: Mapping[str, Entry | None],
        key_prefix: str,
        keep_alive: Callable[[], None] = _nothing,
    ) -> None:
        """Apply changes to the tree, writing each new leaf under `key_prefix`; nothing old is touched."""
        self.open_groups(tree, groups_on_the_way(tree, map(path_of, changes)))
        outcome = update(tree, changes, self.load_leaves)
        keep_alive()
        for prefix in outcome.gone:
            del tree.leaves[prefix]
        written = list(outcome.written.items())
        for start in range(0, len(written), _LEAVES_AT_A_TIME):
            batch = written[start : start + _LEAVES_AT_A_TIME]
            for ref in self.fanout.map(lambda leaf: self._write_leaf(key_prefix, *leaf), batch):
                tree.leaves[ref.prefix] = ref
            keep_alive()

    def close_groups(self, tree: Tree, key_prefix: str) -> None:
        """Write the groups that are to be objects of their own and were opened or are new."""

        def write(group: tuple[str, list[LeafRef]]) -> ObjectRef:
            prefix, leaves = group
            data = encode_node(prefix, leaves)
            return self.objects.put_once(f"{key_prefix}/node-{prefix}.json.gz", data)

        groups = sorted(groups_to_close(tree).items())
        for (prefix, leaves), ref in zip(groups, self.fanout.map(write, groups), strict=True):
            for leaf in leaves:
                del tree.leaves[leaf.prefix]
            tree.nodes[prefix] = node_ref(prefix, ref.key, ref.digest, leaves)

    def write_manifest(self, key: str, manifest: Manifest) -> ObjectRef:
        """Write the root of a generation, or of one that is still being built."""
        return self.objects.put_once(key, encode_manifest(manifest))

    def _write_leaf(self, key_prefix: str, prefix: str, entries: Entries) -> LeafRef:
        data = encode_leaf(prefix, entries)
        # A build in parts may write one leaf twice with different entries; the digest keeps the two apart.
        name = f"leaf-{prefix or 'root'}-{hashlib.sha256(data).hexdigest()[:16]}"
        ref = self.objects.put_once(f"{key_prefix}/{name}.json.gz", data)
        return LeafRef(
            prefix=prefix,
            key=ref.key,
            digest=ref.digest,
            merkle=leaf_merkle(entries),
            entries=len(entries),
            content_bytes=sum(entry.content_bytes for entry in entries.values()),
            oldest_removed_at=oldest(entry.removed_at for entry in entries.values()),
        )
