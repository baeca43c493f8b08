"""One page of a list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list and the position after it; None when the list has ended.

    `erased` is how many entries the whole list leaves out because they were taken back.
    """

    items: list[T] = field(default_factory=list)
    next_position: Any = None
    erased: int = 0
