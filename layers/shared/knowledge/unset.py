"""The absence of a value where None is one."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal


class _Unset(Enum):
    UNSET = "unset"


UNSET: Final = _Unset.UNSET
"""Stands for a field that a change leaves alone, where None means to clear it."""

Unset = Literal[_Unset.UNSET]
