"""Has moto forget what is over: it serves tests, which are short, and keeps everything that it ever made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.core.common_models import BaseModel

_KEPT_HANDLES = 10_000


def forget_models() -> None:
    """Keep no list of every object, message and machine there was, which moto has for a dashboard."""
    patched: Any = BaseModel
    patched.__new__ = staticmethod(lambda cls, *_, **__: object.__new__(cls))


class RecentHandles:
    """The receipt handles of deleted messages, which may be deleted again; old ones are forgotten."""

    def __init__(self) -> None:
        self._handles: dict[str, None] = {}

    def update(self, handles: Iterable[str]) -> None:
        """Note handles, and forget the oldest beyond a bound."""
        self._handles.update(dict.fromkeys(handles))
        for old in list(self._handles)[: max(0, len(self._handles) - _KEPT_HANDLES)]:
            del self._handles[old]

    def __contains__(self, handle: str) -> bool:
        return handle in self._handles
