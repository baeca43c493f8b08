"""What a run reads of its base generation beside the items that the journal names. Pure: the trie does the reading."""

from __future__ import annotations

from collections.abc import Iterator

from knowledge.index.entries import Entries, path_of
from knowledge.index.nodes import Block, Leaf
from knowledge.index.trie import Trie
from knowledge.runs.diff import is_due


def entries_under(trie: Trie, digits: str) -> Entries:
    """All entries whose paths begin with some hex digits."""
    return {
        entry.external_item_id: entry
        for _, entry in trie.entries_from(trie.walk_under(_bits(digits)))
        # A small trie has leaves that reach beyond.
        if path_of(entry.external_item_id).startswith(digits)
    }


def count_under(trie: Trie, digits: str) -> int:
    """How many entries have paths that begin with some hex digits; of a leaf that reaches beyond, all count."""
    return trie.count_under(_bits(digits))


def due_items(trie: Trie, now: int, grace_ms: int) -> Iterator[str]:
    """The items in grace whose time may be over, from the leaves that hold such; their rows decide."""

    def may_be_due(node: Leaf | Block) -> bool:
        return node.oldest != 0 and is_due(node.oldest * 1000, now, grace_ms)

    for _, entry in trie.entries_from(trie.walk(wanted=may_be_due, foreseen=may_be_due)):
        if entry.removed_at is not None and is_due(entry.removed_at, now, grace_ms):
            yield entry.external_item_id


def _bits(digits: str) -> str:
    return f"{int(digits, 16):0{4 * len(digits)}b}"
