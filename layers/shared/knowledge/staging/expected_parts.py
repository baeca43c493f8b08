"""What whoever completes a snapshot says there must be, held against the parts that arrived. Pure.

What no part names is removed, so a part that was lost on its way would remove its items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from knowledge.errors import SnapshotIncompleteError
from knowledge.staging.snapshot_rows import SnapshotPart

_TOLD = 10


@dataclass(frozen=True, slots=True)
class ExpectedParts:
    """How many parts and items a snapshot must have; None says nothing of them. Numbers go from 1 without a gap."""

    parts: int | None = None
    items: int | None = None
    allow_gaps: bool = False

    def check_parts(self, arrived: Sequence[SnapshotPart]) -> None:
        """Raises SnapshotIncompleteError when it isn't so, with what is missing."""
        numbers = {part.number for part in arrived}
        last = max(numbers, default=0)
        missing = [] if self.allow_gaps else list(islice((n for n in range(1, last) if n not in numbers), _TOLD + 1))
        if missing:
            named = ", ".join(map(str, missing[:_TOLD])) + (" and more" if len(missing) > _TOLD else "")
            raise SnapshotIncompleteError(
                f"Of the parts up to number {last} there is no {named}. Send what is missing, or say allowGaps: true "
                "if there is nothing to it."
            )
        items = sum(part.items for part in arrived)
        if self.parts not in (None, len(arrived)) or self.items not in (None, items):
            raise SnapshotIncompleteError(
                f"The snapshot has {len(arrived)} parts with {items} items in all, and not what the request says. "
                "Send what is missing, or the right numbers."
            )


ANY_PARTS = ExpectedParts()
"""As many as arrived, without a gap."""
