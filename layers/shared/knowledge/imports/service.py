"""Imports as tenants see them: asked for, listed, read and cancelled. The work is done by the machine `import`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from knowledge.actors import Actor
from knowledge.audit import AuditEntry, AuditKind, entry_of
from knowledge.earlier_tries import find_earlier
from knowledge.errors import ImportLimitError, ImportNotFoundError, SourceInactiveError
from knowledge.imports.ending import ImportEnder
from knowledge.imports.model import Import, ImportFormat, ImportMode, ImportState, shown_state
from knowledge.imports.stores import ImportStores
from knowledge.limits import MAX_REJECTED_LINES, UPLOAD_AWAITED_MS
from knowledge.pages import Page
from knowledge.ports import Clock
from knowledge.sources.model import Source
from knowledge.sources.places import Place

# So many imports whose file may never have come are looked at for a request that finds no place.
_LOOKED_AT = 25


@dataclass(frozen=True, slots=True)
class ImportService:
    """What can be done with the imports of a source."""

    stores: ImportStores
    ender: ImportEnder
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
        max_rejected: int | None = None,
        by: Actor | None = None,
        message: str | None = None,
    ) -> tuple[Import, str]:
        """Make an import that waits for its file, and the link to put it to.

        One that has this id already is returned (a repeated creation), and so is one of the last 24 hours that has
        `earlier_id`: it was created by a try on the day before. Without `max_rejected`, one that is applied by itself
        stands no bad line. Raises SourceInactiveError on an archived source, ImportLimitError when as many imports of
        the tenant are under way as may be.
        """
        if not source.active:
            raise SourceInactiveError
        now = self.clock()
        if max_rejected is None:
            max_rejected = 0 if apply else MAX_REJECTED_LINES
        new = Import(
            tenant_id=source.tenant_id,
            source_id=source.source_id,
            import_id=import_id,
            state=ImportState.AWAITING_UPLOAD,
            mode=mode,
            apply=apply,
            format=file_format,
            created_at=now,
            updated_at=now,
            by=by,
            message=message,
            max_rejected=max_rejected,
            counted=True,
        )
        get = partial(self.stores.imports.get_import, source.source_id)
        job = find_earlier(earlier_id, get, lambda made: made.created_at, now) or self._create(new)
        return job, self.stores.files.upload_link(job)

    def cancel_import(self, source: Source, import_id: str, *, by: Actor | None = None) -> Import:
        """End an import at any time; see `ImportEnder.cancel`. Raises ImportNotFoundError, ImportEndedError."""
        return self.ender.cancel(self.stores.imports.get_import(source.source_id, import_id), by)

    def get_import(self, source: Source, import_id: str) -> Import:
        """Read an import. Raises ImportNotFoundError when the source has none of that id."""
        return self._present(self.stores.imports.get_import(source.source_id, import_id))

    def list_imports(
        self, source: Source, *, limit: int, position: Any, state: ImportState | None = None
    ) -> Page[Import]:
        """List imports, newest first, and of one state, if it is given, as they are shown."""
        now = self.clock()

        def keep(job: Import) -> bool:
            return shown_state(job, now) is state

        page = self.stores.imports.list_imports(
            source.source_id, limit=limit, position=position, keep=None if state is None else keep
        )
        return Page([self._present(job) for job in page.items], page.next_position)

    def report_link(self, job: Import) -> str | None:
        """A link for 15 minutes to the error report; None when there is none."""
        return None if job.report_key is None else self.stores.files.report_link(job.report_key)

    def _present(self, job: Import) -> Import:
        return replace(job, state=shown_state(job, self.clock()))

    def _create(self, new: Import) -> Import:
        recorded = _recorded(new)
        try:
            return self.stores.imports.create_import(new, recorded)
        except ImportLimitError:
            if not self._free_places(new.tenant_id):
                raise
        return self.stores.imports.create_import(new, recorded)

    def _free_places(self, tenant_id: str) -> bool:
        """Give the places back of imports whose file never came; tell whether there were any."""
        over = self.clock() - UPLOAD_AWAITED_MS
        old = [place for place in self.stores.imports.list_places(tenant_id) if place.created_at <= over]
        gone = [place for place in old[:_LOOKED_AT] if self._is_over(place)]
        if gone:
            self.stores.imports.give_back_places(tenant_id, gone)
        return bool(gone)

    def _is_over(self, place: Place) -> bool:
        try:
            job = self.stores.imports.get_import(place.source_id, place.holder_id)
        except ImportNotFoundError:
            return True
        return job.ended or shown_state(job, self.clock()) is ImportState.EXPIRED


def _recorded(new: Import) -> AuditEntry | None:
    subject = {"sourceId": new.source_id, "importId": new.import_id}
    after = {"mode": new.mode, "apply": new.apply, "maxRejected": new.max_rejected}
    return entry_of(
        new.by, AuditKind.IMPORT_CREATED, new.tenant_id, new.created_at, subject, after=after, message=new.message
    )
