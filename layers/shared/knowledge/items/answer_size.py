"""How much of a list fits into one answer, as the client reads it and as Lambda carries it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

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
    return may_outgrow_answer(item.content_bytes) and len(_written(item)) > ANSWER_BYTES


def may_outgrow_answer(content_bytes: int) -> bool:
    """Tell whether contents must be written to be weighed: a byte takes six in JSON at the most."""
    return content_bytes * 6 > ANSWER_BYTES


def how_many_fit(items: Iterable[ShownItem]) -> int:
    """Count the items, from the first on, that fit into one answer together; the first always does."""
    return how_many_texts_fit(_texts(item) for item in items)


def how_many_texts_fit(entries: Iterable[Any]) -> int:
    """Count entries of a list, told by the texts they show as JSON values, that fit together; the first always does."""
    size = carried = count = 0
    for texts in entries:
        written = canonical_json(texts)
        size += _ENTRY_BYTES + len(written)
        carried += _ENTRY_BYTES + envelope_bytes(written)
        if count and (size > ANSWER_BYTES or carried > ENVELOPE_BYTES):
            break
        count += 1
    return count


def texts_outgrow_answer(texts: Any) -> bool:
    """Tell whether the texts of one entry are too large for an answer, or for what carries it."""
    written = canonical_json(texts)
    return len(written) > ANSWER_BYTES or envelope_bytes(written) > ENVELOPE_BYTES


def how_many_may_fit(content_bytes: Sequence[int]) -> int:
    """Count the items whose contents are worth reading for one answer, by their sizes; the first always is."""
    size = 0
    for count, each in enumerate(content_bytes):
        size += _ENTRY_BYTES + each
        if count and size > ANSWER_BYTES:
            return count
    return len(content_bytes)


def _written(item: ShownItem) -> bytes:
    return canonical_json(_texts(item))


def _texts(item: ShownItem) -> list[Any]:
    details = {} if item.details is None else details_document(item.details)
    return [item.external_item_id, item.title, details, item.content]
