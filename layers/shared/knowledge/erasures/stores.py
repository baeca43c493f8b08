"""The stores of erasures."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.generations.stores import GenerationStores
from knowledge.imports.stores import ImportStores

if TYPE_CHECKING:
    from knowledge.erasures.ledger import ErasureLedger
    from knowledge.erasures.store import ErasureStore


class ErasureStores(GenerationStores, ImportStores):
    """What erasures need."""

    @cached_property
    def erasures(self) -> ErasureStore:
        """The rows of erasures."""
        from knowledge.erasures.store import ErasureStore

        return ErasureStore(self.catalog)

    @cached_property
    def ledger(self) -> ErasureLedger:
        """What is known of erasures beyond a restore of the tables."""
        from knowledge.erasures.ledger import ErasureLedger

        return ErasureLedger(self.objects)
