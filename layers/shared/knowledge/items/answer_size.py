"""How much of a list fits into one answer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from knowledge.items.fields import ItemDetails, details_document
from knowledge.limits import ANSWER_BYTES
from knowledge.storage.format import canonical_json

# About what an item takes in an answer beside what its sender wrote.
_ENTRY_BYTES = 1024


class ShownItem(Protocol):
    """An item as an answer shows it: what its sender wrote of it, as far as it was read."""

    @property
    def title(self) -> str: ...  # noqa: D102

    @property
    def content(self) -> str | None: ...  # noqa: D102

    @property
    def content_bytes(self) -> int: ...  # noqa: D102

    @property
    def details(self) -> ItemDetails | None: ...  # noqa: D102


def outgrows_answer(item: ShownItem) -> bool:
    """Tell whether an item is too large for an answer by itself."""
    # A byte of content takes six in JSON at the most, so most need not be written to be weighed.
    return item.content_bytes * 6 > ANSWER_BYTES and _answer_bytes(item) > ANSWER_BYTES


def how_many_fit(items: Sequence[ShownItem]) -> int:
    """Count the items, from the first on, that fit into one answer together; the first always does."""
    size = 0
    for count, item in enumerate(items):
        size += _ENTRY_BYTES + _answer_bytes(item)
        if count and size > ANSWER_BYTES:
            return count
    return len(items)


def _answer_bytes(item: ShownItem) -> int:
    details = {} if item.details is None else details_document(item.details)
    return len(canonical_json([item.title, details, item.content]))
