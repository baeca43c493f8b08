"""The stores of exports."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.generations.stores import GenerationStores

if TYPE_CHECKING:
    from knowledge.exports.store import ExportStore


class ExportStores(GenerationStores):
    """What exports need."""

    @cached_property
    def exports(self) -> ExportStore:
        """The rows of exports."""
        from knowledge.exports.store import ExportStore

        return ExportStore(self.catalog)
