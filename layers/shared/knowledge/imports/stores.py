"""The stores of imports."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.runs.stores import RunStores

if TYPE_CHECKING:
    from knowledge.imports.end_store import ImportEndStore
    from knowledge.imports.files import ImportFiles
    from knowledge.imports.rejects import ImportRejects
    from knowledge.imports.store import ImportStore


class ImportStores(RunStores):
    """What imports need."""

    @cached_property
    def imports(self) -> ImportStore:
        """The rows of imports."""
        from knowledge.imports.store import ImportStore

        return ImportStore(self.catalog)

    @cached_property
    def import_ends(self) -> ImportEndStore:
        """The ends of imports."""
        from knowledge.imports.end_store import ImportEndStore

        return ImportEndStore(self.catalog)

    @cached_property
    def files(self) -> ImportFiles:
        """Uploads, and what an import writes beside them."""
        from knowledge.imports.files import ImportFiles

        return ImportFiles(self.clients.s3, self.objects)

    @cached_property
    def rejects(self) -> ImportRejects:
        """What was wrong with lines, until the report is written."""
        from knowledge.imports.rejects import ImportRejects

        return ImportRejects(self.clients.dynamodb, self.settings.items_table)
