"""Which erasure took an item back: by the lists of ids, which outlive the erasures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from knowledge.erasures.rows import erasure_position
from knowledge.erasures.stores import ErasureStores
from knowledge.generations.history import Looked

# Each is an object to read; those of a row of the list are read side by side.
ERASURES_A_LOOK = 100
_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class ErasureLookup:
    """Looks through erasures."""

    stores: ErasureStores

    def find_erasure(self, source_id: str, external_item_id: str, down_to: int, behind: Any) -> Looked:
        """Look for the latest erasure of an item, from behind a position of the list on, in those after an epoch.

        Ends after so many erasures; `reached` tells how far it came. Raises ObjectGoneError.
        """
        position = behind
        for _ in range(ERASURES_A_LOOK // _AT_ONCE):
            page = self.stores.erasures.list_erasures(source_id, limit=_AT_ONCE, position=position)
            later = [erasure for erasure in page.items if erasure.epoch > down_to]
            lists = self.stores.fanout.map(self.stores.ledger.read_ids, later)
            for erasure, ids in zip(later, lists, strict=True):
                if external_item_id in ids:
                    return Looked(erasure.epoch, erased_at=erasure.opened_at)
            position = erasure_position(later[-1]) if later else position
            if len(later) < len(page.items) or page.next_position is None:
                return Looked(down_to, position)
        return Looked(later[-1].epoch - 1, position)
