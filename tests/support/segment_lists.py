"""What the segments of a stored state find: which document of each item counts, by the definition of liveness."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from search.segments.merging import Part, read_part
from search.segments.model import SegmentRef
from search.segments.prefixes import prefix_of

from tests.support.storage_reader import StoredState


def found_in(state: StoredState, read: Callable[[str], bytes]) -> dict[str, Any] | None:
    """The documents that count, by item; None when the state has no segments, for it is too large.

    AssertionError when an item has two.
    """
    if state.segments is None:
        return None
    parts = [_read(tuple(told), read(key)) for key, *told in state.segments]
    found: dict[str, Any] = {}
    for place, part in enumerate(parts):
        newer = parts[place + 1 :]
        for document in part.documents:
            prefix = prefix_of(document.item_id)
            if not any(prefix in each.added or prefix in each.killed for each in newer):
                assert document.item_id not in found, "an item has two documents that count"
                found[document.item_id] = document
    return found


def check_found(state: StoredState, read: Callable[[str], bytes], served: Mapping[str, Any]) -> None:
    """AssertionError unless what can be found is what is served, with its contents."""
    found = found_in(state, read)
    if found is None:
        return
    assert {name: document.content_hash for name, document in found.items()} == {
        name: entry.content_hash for name, entry in served.items()
    }, "what is found is not what is served"
    for name, document in found.items():
        told = served[name].document
        assert document.text.title == " ".join(told["title"].split())
        assert (document.language, list(document.tags)) == (told.get("language"), told.get("tags", []))


@lru_cache(maxsize=512)
def _read(told: tuple[Any, ...], data: bytes) -> Part:
    digest, form, language, size, head, documents, tier = told
    return read_part(SegmentRef(digest, size, head, documents, tier, form.hex(), language.hex()), data)
