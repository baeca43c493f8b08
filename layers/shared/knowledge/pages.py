"""One page of a list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list and the position after it; None when the list has ended."""

    items: list[T] = field(default_factory=list)
    next_position: Any = None
