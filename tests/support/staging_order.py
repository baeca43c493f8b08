"""Tells whether some order of the writes of one item explains what their clients were told and what is staged.

An order may not set a write before one that was acknowledged before it began. This is linearizability, item by item:
a lost, a doubled and a resurrected write all leave no order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from tests.support.staging_model_items import Item, content_hash

Step = Callable[[Item | None], tuple[Item | None, str]]


@dataclass
class Did:
    """A write of one item: what it does, when it began and was answered, and with what (None: that was not told).

    One that is not `certain` may have been without effect.
    """

    label: str
    step: Step
    started: float
    ended: float = inf
    result: str | None = None
    certain: bool = True


def seen(item: Item | None) -> tuple[str, str, int | None] | None:
    """What a client sees of an item: state, content, version."""
    return None if item is None else (item.state, content_hash(item.draft), item.version)


def explained(start: Item | None, writes: Sequence[Did], end: tuple[str, str, int | None] | None) -> bool:
    """Look for an order."""
    dead_ends = set()

    def search(item: Item | None, left: frozenset[int]) -> bool:
        if not left:
            return seen(item) == end
        here = (left, seen(item), item and item.seen_open)
        if here in dead_ends:
            return False
        first_answer = min(writes[number].ended for number in left)
        for number in sorted(left):
            write = writes[number]
            if write.started >= first_answer:
                continue
            after, result = write.step(item)
            rest = left - {number}
            if write.result in (None, result) and search(after, rest):
                return True
            if not write.certain and search(item, rest):
                return True
        dead_ends.add(here)
        return False

    return search(start, frozenset(range(len(writes))))
