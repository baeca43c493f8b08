"""What an earlier try of a request made.

The id of a created thing follows from the Idempotency-Key and the day (`knowledge.ids.derived_id`). A retry on
the day on which the first try crashed finds its id taken; a retry on the next day looks here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from knowledge.errors import NotFoundError
from knowledge.limits import RETRY_KNOWN_MS

Made = TypeVar("Made")


def find_earlier(
    earlier_id: str | None, get: Callable[[str], Made], made_at: Callable[[Made], int], now: int
) -> Made | None:
    """Find what a try of the day before made under `earlier_id`, if that is less than 24 hours ago; times are ms.

    `get` raises a NotFoundError for an id that is not there. After 24 hours a key may be used for something new.
    """
    if earlier_id is None:
        return None
    try:
        made = get(earlier_id)
    except NotFoundError:
        return None
    return made if made_at(made) > now - RETRY_KNOWN_MS else None
