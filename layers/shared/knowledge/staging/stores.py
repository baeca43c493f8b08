"""The stores of sources and of their staging sets."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.storage.stores import StorageStores

if TYPE_CHECKING:
    from knowledge.sources.store import SourceStore
    from knowledge.staging.journal_store import JournalStore
    from knowledge.staging.snapshot_store import SnapshotStore
    from knowledge.staging.store import ItemStore


class StagingStores(StorageStores):
    """What staging needs."""

    @cached_property
    def sources(self) -> SourceStore:
        """The rows of sources."""
        from knowledge.sources.store import SourceStore

        return SourceStore(self.catalog)

    @cached_property
    def items(self) -> ItemStore:
        """Staged rows."""
        from knowledge.staging.store import ItemStore

        return ItemStore(self.clients.dynamodb, self.settings.items_table, self.fanout)

    @cached_property
    def journal(self) -> JournalStore:
        """Journals."""
        from knowledge.staging.journal_store import JournalStore

        return JournalStore(self.clients.dynamodb, self.settings.items_table, self.fanout)

    @cached_property
    def snapshots(self) -> SnapshotStore:
        """The rows of snapshots and of their parts."""
        from knowledge.staging.snapshot_store import SnapshotStore

        return SnapshotStore(self.catalog)
