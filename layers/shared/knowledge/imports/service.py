"""Imports as tenants see them: asked for, listed and read. The work is done by the machine `import`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from knowledge.earlier_tries import find_earlier
from knowledge.errors import SourceInactiveError
from knowledge.imports.model import Import, ImportFormat, ImportMode, ImportState, shown_state
from knowledge.imports.stores import ImportStores
from knowledge.pages import Page
from knowledge.ports import Clock
from knowledge.sources.model import Source


@dataclass(frozen=True, slots=True)
class ImportService:
    """What can be done with the imports of a source."""

    stores: ImportStores
    clock: Clock

    def create_import(
        self,
        source: Source,
        *,
        mode: ImportMode,
        apply: bool,
        file_format: ImportFormat,
        import_id: str,
        earlier_id: str | None = None,
    ) -> tuple[Import, str]:
        """Make an import that waits for its file, and the link to put it to.

        One that has this id already is returned (a repeated creation), and so is one of the last 24 hours that has
        `earlier_id`: it was created by a try on the day before. Raises SourceInactiveError on an archived source.
        """
        if not source.active:
            raise SourceInactiveError
        now = self.clock()
        get = partial(self.stores.imports.get_import, source.source_id)
        job = find_earlier(earlier_id, get, lambda made: made.created_at, now) or self.stores.imports.create_import(
            Import(
                tenant_id=source.tenant_id,
                source_id=source.source_id,
                import_id=import_id,
                state=ImportState.AWAITING_UPLOAD,
                mode=mode,
                apply=apply,
                format=file_format,
                created_at=now,
                updated_at=now,
            )
        )
        return job, self.stores.files.upload_link(job)

    def get_import(self, source: Source, import_id: str) -> Import:
        """Read an import. Raises ImportNotFoundError when the source has none of that id."""
        return self._present(self.stores.imports.get_import(source.source_id, import_id))

    def list_imports(self, source: Source, *, limit: int, position: Any) -> Page[Import]:
        """List imports, newest first."""
        page = self.stores.imports.list_imports(source.source_id, limit=limit, position=position)
        return Page([self._present(job) for job in page.items], page.next_position)

    def report_link(self, job: Import) -> str | None:
        """A link for an hour to the error report; None when there is none."""
        return None if job.report_key is None else self.stores.files.report_link(job.report_key)

    def _present(self, job: Import) -> Import:
        return replace(job, state=shown_state(job, self.clock()))
