"""Exports as tenants see them: asked for, listed, read. The work is done by the machine `export`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from knowledge.actors import Actor
from knowledge.audit import AuditEntry, AuditKind, entry_of
from knowledge.earlier_tries import find_earlier
from knowledge.errors import (
    ErasureInProgressError,
    ExportLimitError,
    ExportNotFoundError,
    GenerationRetiredError,
)
from knowledge.exports.ending import ExportEnder
from knowledge.exports.machine import ExportMachine
from knowledge.exports.model import DIED, Export, ExportState, shown
from knowledge.exports.stores import ExportStores
from knowledge.limits import DOWNLOAD_LINK_SECONDS, EXPORT_SILENT_MS
from knowledge.pages import Page
from knowledge.ports import Clock
from knowledge.sources.model import Source
from knowledge.sources.places import Place

if TYPE_CHECKING:
    from knowledge.generations.model import Generation


class Link(NamedTuple):
    """Where a file is read, until when (ms)."""

    url: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class ExportService:
    """What can be done with the exports of a generation."""

    stores: ExportStores
    machine: ExportMachine
    ender: ExportEnder
    clock: Clock

    def create_export(
        self,
        source: Source,
        generation: Generation,
        *,
        export_id: str,
        earlier_id: str | None = None,
        by: Actor | None = None,
        message: str | None = None,
    ) -> Export:
        """Have what a generation serves written into a file.

        One that has this id already is returned (a repeated creation), and so is one of the last 24 hours that has
        `earlier_id`: it was created by a try on the day before. Raises GenerationRetiredError, ErasureInProgressError
        while one is open, ExportLimitError when as many exports of the tenant are under way as may be.
        """
        now = self.clock()
        get = partial(self.stores.exports.get_export, source.source_id)
        export = find_earlier(earlier_id, get, lambda made: made.created_at, now)
        if export is None:
            export = self._create(_new(source, generation, export_id, now, by, message))
        # A try before this one may have died here.
        if not export.ended:
            self.machine.start(export)
        return shown(export, source.erasure_epoch, self.clock())

    def get_export(self, source: Source, generation: Generation, export_id: str) -> Export:
        """Read an export. Raises ExportNotFoundError when the generation has none of that id."""
        export = self.stores.exports.get_export(source.source_id, export_id)
        if export.generation_id != generation.generation_id:
            raise ExportNotFoundError
        return shown(export, source.erasure_epoch, self.clock())

    def list_exports(self, source: Source, generation: Generation, *, limit: int, position: Any) -> Page[Export]:
        """List the exports of a generation, newest first."""
        page = self.stores.exports.list_exports(
            source.source_id, generation.generation_id, limit=limit, position=position
        )
        return Page([shown(each, source.erasure_epoch, self.clock()) for each in page.items], page.next_position)

    def make_link(self, export: Export) -> Link | None:
        """A link for 15 minutes to the file of an export; None when there is none, or none any more."""
        if export.state is not ExportState.COMPLETED:
            return None
        url = self.stores.clients.s3.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.stores.settings.content_bucket,
                "Key": export.key,
                "ResponseCacheControl": "no-store",
                "ResponseContentDisposition": f'attachment; filename="{export.generation_id}.ndjson.gz"',
            },
            ExpiresIn=DOWNLOAD_LINK_SECONDS,
        )
        return Link(url, self.clock() + DOWNLOAD_LINK_SECONDS * 1000)

    def _create(self, new: Export) -> Export:
        recorded = _recorded(new)
        try:
            return self.stores.exports.create_export(new, recorded)
        except ExportLimitError:
            if not self._free_places(new.tenant_id):
                raise
        return self.stores.exports.create_export(new, recorded)

    def _free_places(self, tenant_id: str) -> bool:
        """Give the places back of exports that nobody works on any more; tell whether there were any."""
        gone = [place for place in self.stores.exports.list_places(tenant_id) if self._is_over(place)]
        if gone:
            self.stores.exports.give_back_places(tenant_id, gone)
        return bool(gone)

    def _is_over(self, place: Place) -> bool:
        try:
            export = self.stores.exports.get_export(place.source_id, place.holder_id)
        except ExportNotFoundError:
            return True
        if export.dead(self.clock()):
            self.ender.fail(export, DIED)
            return True
        return export.ended


def _new(
    source: Source, generation: Generation, export_id: str, now: int, by: Actor | None, message: str | None
) -> Export:
    if generation.retired_at is not None:
        raise GenerationRetiredError
    if source.erasure_id is not None:
        raise ErasureInProgressError
    return Export(
        tenant_id=source.tenant_id,
        source_id=source.source_id,
        generation_id=generation.generation_id,
        export_id=export_id,
        state=ExportState.WRITING,
        root_hash=generation.serves,
        items_total=generation.served_total,
        erasures=source.erasure_epoch,
        created_at=now,
        updated_at=now,
        alive_until=now + EXPORT_SILENT_MS,
        by=by,
        message=message,
    )


def _recorded(new: Export) -> AuditEntry | None:
    subject = {"sourceId": new.source_id, "generationId": new.generation_id, "exportId": new.export_id}
    return entry_of(
        new.by, AuditKind.EXPORT_CREATED, new.tenant_id, new.created_at, subject, message=new.message
    )  # fmt: skip
