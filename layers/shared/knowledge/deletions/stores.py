"""The stores of deletions."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.exports.stores import ExportStores
from knowledge.imports.stores import ImportStores
from knowledge.questions.stores import QuestionStores

if TYPE_CHECKING:
    from knowledge.sources.deletion import DeletionStore


class DeletionStores(ExportStores, ImportStores, QuestionStores):
    """What deletions need."""

    @cached_property
    def deletions(self) -> DeletionStore:
        """Sources that are being deleted."""
        from knowledge.sources.deletion import DeletionStore

        return DeletionStore(self.catalog)
