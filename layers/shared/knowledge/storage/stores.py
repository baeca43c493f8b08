"""The stores of one deployment, each made, and imported, when it is first used.

A room that has a store adds it to those of the rooms below: a service is given all that it may use, as one value.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.storage.clients import Clients, Fanout

if TYPE_CHECKING:
    from knowledge.settings import Settings
    from knowledge.storage.catalog import Catalog
    from knowledge.storage.objects import ObjectStore
    from knowledge.storage.uploads import UploadStore
    from knowledge.storage.versions import VersionStore


class StorageStores:
    """What every room stands on."""

    def __init__(self, settings: Settings, clients: Clients, fanout: Fanout) -> None:
        self.settings = settings
        self.clients = clients
        self.fanout = fanout

    @cached_property
    def catalog(self) -> Catalog:
        """The table Catalog."""
        from knowledge.storage.catalog import Catalog

        return Catalog(self.clients.dynamodb, self.settings.catalog_table, self.settings.audit_table)

    @cached_property
    def objects(self) -> ObjectStore:
        """The bucket."""
        from knowledge.storage.objects import ObjectStore

        return ObjectStore(self.clients.s3, self.settings.content_bucket)

    @cached_property
    def versions(self) -> VersionStore:
        """Every version of the objects."""
        from knowledge.storage.versions import VersionStore

        return VersionStore(self.clients.s3, self.settings.content_bucket)

    @cached_property
    def uploads(self) -> UploadStore:
        """Objects of the bucket that are sent in parts."""
        from knowledge.storage.uploads import UploadStore

        return UploadStore(self.clients.s3, self.settings.content_bucket)
