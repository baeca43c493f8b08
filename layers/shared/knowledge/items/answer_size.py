"""How much of a list fits into one answer, as the client reads it and as Lambda carries it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from knowledge.envelope import envelope_bytes
from knowledge.items.fields import ItemDetails, details_document
from knowledge.limits import ANSWER_BYTES, ENVELOPE_BYTES
from knowledge.storage.format import canonical_json

# About what an item takes in an answer beside what its sender wrote.
_ENTRY_BYTES = 1024


class ShownItem(Protocol):
    """An item as an answer shows it: what its sender wrote of it, as far as it was read."""

    @property
    def external_item_id(self) -> str: ...  # noqa: D102

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
    return item.content_bytes * 6 > ANSWER_BYTES and len(_written(item)) > ANSWER_BYTES


def how_many_fit(items: Sequence[ShownItem]) -> int:
    """Count the items, from the first on, that fit into one answer together; the first always does."""
    size = carried = 0
    for count, item in enumerate(items):
        written = _written(item)
        size += _ENTRY_BYTES + len(written)
        carried += _ENTRY_BYTES + envelope_bytes(written)
        if count and (size > ANSWER_BYTES or carried > ENVELOPE_BYTES):
            return count
    return len(items)


def how_many_may_fit(content_bytes: Sequence[int]) -> int:
    """Count the items whose contents are worth reading for one answer, by their sizes; the first always is."""
    size = 0
    for count, each in enumerate(content_bytes):
        size += _ENTRY_BYTES + each
        if count and size > ANSWER_BYTES:
            return count
    return len(content_bytes)


def _written(item: ShownItem) -> bytes:
    details = {} if item.details is None else details_document(item.details)
    return canonical_json([item.external_item_id, item.title, details, item.content])
