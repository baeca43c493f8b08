"""How much of a list fits into one answer."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.generations.model import GenerationItem
from knowledge.staging.model import StagedItem
from knowledge.storage.format import canonical_json

# Control characters take six bytes in JSON, so even a content of 1 MiB can outgrow a 6 MB response. Such an item is
# kept as an object however well it compresses, and read through a link to it.
LARGEST_ANSWER_BYTES = 4_000_000


def outgrows_answer(view: StagedItem | GenerationItem) -> bool:
    """Tell whether an item is too large for an answer by itself."""
    # A byte of content takes six in JSON at the most, so most need not be written to be weighed.
    return view.content_bytes * 6 > LARGEST_ANSWER_BYTES and _answer_bytes(view) > LARGEST_ANSWER_BYTES


def how_many_fit(views: Sequence[StagedItem | GenerationItem]) -> int:
    """Count the items, from the first on, that fit into one answer together; the first always does."""
    size = 0
    for count, view in enumerate(views):
        size += _ENTRY_BYTES + _answer_bytes(view)
        if count and size > LARGEST_ANSWER_BYTES:
            return count
    return len(views)


# About what an item takes in an answer beside what its sender wrote.
_ENTRY_BYTES = 1024


def _answer_bytes(view: StagedItem | GenerationItem) -> int:
    return len(canonical_json([view.title, view.url, view.tags, view.metadata, view.content]))
