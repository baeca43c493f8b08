"""The store of questions."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.storage.stores import StorageStores

if TYPE_CHECKING:
    from knowledge.questions.store import QuestionStore


class QuestionStores(StorageStores):
    """What questions need."""

    @cached_property
    def questions(self) -> QuestionStore:
        """Questions that are kept."""
        from knowledge.questions.store import QuestionStore
        from knowledge.storage.catalog import Catalog

        names = self.settings
        table = Catalog(self.clients.dynamodb, names.questions_table, names.audit_table)
        return QuestionStore(table, self.fanout)
