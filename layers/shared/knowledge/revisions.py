"""Revisions: short names of what a thing was, which a write may demand to find. Pure.

A revision is made of what a reader sees of a thing and a write may change, so what looks the same has the same one.
Whoever writes on condition of one compares it with what the write itself is conditional on, never with a read before.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from knowledge.errors import PreconditionFailedError

_CHARACTERS = 32


def revision_of(*values: Any) -> str:
    """Name values that JSON can hold: 128 bits of their SHA-256, in hex."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:_CHARACTERS]


class Expected(NamedTuple):
    """What a write wants to find: one of `revisions`, anything at all (None), or with `absent` nothing."""

    revisions: frozenset[str] | None = None
    absent: bool = False

    def check(self, revision: str | None, *, there: bool = True) -> None:
        """Raises PreconditionFailedError unless it is what is found.

        `there` is False for what has a revision and yet counts as gone.
        """
        if self.absent:
            holds = not there
        elif self.revisions is None:
            holds = there
        else:
            holds = revision in self.revisions
        if not holds:
            raise PreconditionFailedError(revision=revision)


PRESENT = Expected()
ABSENT = Expected(absent=True)
