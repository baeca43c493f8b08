"""Items so large that their text comes by a link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

ItemT = TypeVar("ItemT", bound=Mapping[str, Any])


def with_text(item: ItemT, listed: Iterable[ItemT]) -> ItemT | None:
    """Return an item with its text, which a list brings by following the link; None when it is gone meanwhile.

    `listed` is read only for an item that came with a link.
    """
    if "contentUrl" not in item:
        return item
    return next((each for each in listed if each["externalItemId"] == item["externalItemId"]), None)
