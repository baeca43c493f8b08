"""The stores of the upkeep."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.generations.stores import GenerationStores

if TYPE_CHECKING:
    from knowledge.upkeep.store import UpkeepStore


class UpkeepStores(GenerationStores):
    """What the upkeep needs."""

    @cached_property
    def upkeep(self) -> UpkeepStore:
        """How far the upkeep has come."""
        from knowledge.upkeep.store import UpkeepStore

        return UpkeepStore(self.catalog)
