"""How much of a long test is run: `make test` takes its usual size, `make soak` the whole (LONG_FORMS=1)."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")
LONG = os.environ.get("LONG_FORMS") == "1"


def sized(usual: T, whole: T) -> T:
    """Pick one of two sizes."""
    return whole if LONG else usual
