"""Exports: what a generation serves as one file, which an import takes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Unpack, cast

from knowledge_client import models
from knowledge_client.errors import FailedError
from knowledge_client.listing import Listing
from knowledge_client.resources.generations import CURRENT
from knowledge_client.resources.resource import Resource, path_to

Progress = Callable[[int, int], None]


class Exports(Resource):
    """`client.exports`."""

    def create(
        self,
        source_id: str,
        generation_id: str = CURRENT,
        *,
        idempotency_key: str | None = None,
        **more: Unpack[models.CreateExportRequest],
    ) -> models.Export:
        """Ask for the file of a generation; `wait` until it is written."""
        path = path_to("sources", source_id, "generations", generation_id, "exports")
        return cast(models.Export, self._api.write("POST", path, more, idempotency_key=idempotency_key)["export"])

    def run(
        self,
        source_id: str,
        file: Path,
        generation_id: str = CURRENT,
        *,
        progress: Progress | None = None,
        timeout_seconds: float = 3600,
    ) -> models.Export:
        """Export: create, wait and download; `progress` is called with the bytes that came, and how many there are."""
        begun = self.create(source_id, generation_id)
        export = self.wait(source_id, begun["generationId"], begun["id"], timeout_seconds=timeout_seconds)
        self.download(export, file, progress=progress)
        return export

    def wait(
        self, source_id: str, generation_id: str, export_id: str, *, timeout_seconds: float = 3600
    ) -> models.Export:
        """Wait for the end; raises FailedError when there is no file, StillUnderWayError."""
        ended = self._wait(
            lambda: self.get(source_id, generation_id, export_id),
            lambda seen: seen["state"] == "writing",
            export_id,
            timeout_seconds,
        )
        if ended["state"] != "completed":
            why = ended["error"] or {"code": "export_failed", "message": f"it is {ended['state']}"}
            raise FailedError(f"{export_id}: {why['message']}", why["code"], ended)
        return ended

    def download(self, export: models.Export, file: Path, *, progress: Progress | None = None) -> None:
        """Write the file of a completed export that was just read; it is there whole, or not at all.

        Raises FailedError when there is no link, or when as many bytes did not come.
        """
        link = export["file"]
        if link is None:
            raise FailedError(f"{export['id']} has no link to its file; read it again", "no_link", export)
        part = file.with_name(f"{file.name}.part")
        try:
            size = self._api.save(link["url"], part, f"GET the file of {export['id']}", export["bytes"], progress)
            if size != export["bytes"]:
                raise FailedError(f"{export['id']}: {size} of {export['bytes']} bytes came", "file_damaged", export)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)

    def list(
        self, source_id: str, generation_id: str = CURRENT, **query: Unpack[models.ListExportsQuery]
    ) -> Listing[models.Export]:
        """List a generation's exports, the newest first."""
        return Listing(
            self._api, path_to("sources", source_id, "generations", generation_id, "exports"), "exports", query
        )

    def get(self, source_id: str, generation_id: str, export_id: str) -> models.Export:
        """Read an export, once it is completed with a link to its file."""
        path = path_to("sources", source_id, "generations", generation_id, "exports", export_id)
        return cast(models.Export, self._api.get(path)["export"])
