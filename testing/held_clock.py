"""The clock of a world under test."""

from __future__ import annotations

from dataclasses import dataclass

START = 1_795_000_000_000


@dataclass
class HeldClock:
    """A clock that stands still until it is moved. Milliseconds since 1970."""

    now: int = START

    def __call__(self) -> int:
        return self.now

    def advance(self, *, days: float = 0, seconds: float = 0, ms: int = 0) -> None:
        """Move on."""
        self.now += round(days * 86_400_000 + seconds * 1000) + ms
