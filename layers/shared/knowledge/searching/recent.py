"""What was used last, within a bound: the longest unused goes out first. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by their keys, each with a weight; what goes out is given to `drop`.

    The newest always stays, so that whoever put it can use it.
    """

    def __init__(self, most: int, drop: Callable[[K, V], None] | None = None) -> None:
        self._most = most
        self._drop = drop
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[K]:
        return iter(list(self._kept))

    @property
    def weight(self) -> int:
        """What all weigh together."""
        return self._weight

    def get(self, key: K) -> V | None:
        """Return a value, which counts as used now; None when it is not there."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def put(self, key: K, value: V, weight: int) -> None:
        """Keep a value, in the place of one of the same key."""
        if key in self._kept:
            self._weight -= self._kept.pop(key)[1]
        self.make_room(weight)
        self._kept[key] = (value, weight)
        self._weight += weight

    def make_room(self, weight: int) -> None:
        """Let go of what was not used for longest, until so much more has room."""
        while self._kept and self._weight + weight > self._most:
            self.remove(next(iter(self._kept)))

    def remove(self, key: K) -> None:
        """Let go of a value, if it is there."""
        if key not in self._kept:
            return
        value, weight = self._kept.pop(key)
        self._weight -= weight
        if self._drop is not None:
            self._drop(key, value)
