"""Imports: a file of items of any size, uploaded once."""

from __future__ import annotations

import contextlib
import json
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Unpack, cast

from knowledge_client import models
from knowledge_client.errors import ApiError, FailedError
from knowledge_client.listing import Listing
from knowledge_client.resources.resource import Resource, path_to
from knowledge_client.transport import Call
from knowledge_client.uploads import Uploading

_UNDER_WAY = frozenset({"awaiting_upload", "queued", "staging", "planning", "applying"})
_BADLY = frozenset({"failed", "cancelled", "expired"})


class Imports(Resource):
    """`client.imports`."""

    def create(
        self,
        source_id: str,
        *,
        idempotency_key: str | None = None,
        **wanted: Unpack[models.CreateImportRequest],
    ) -> models.NewImportResponse:
        """Ask for an import; its `upload` is where the file goes."""
        path = path_to("sources", source_id, "imports")
        return cast(models.NewImportResponse, self._api.write("POST", path, wanted, idempotency_key=idempotency_key))

    def upload(
        self,
        source_id: str,
        created: models.NewImportResponse,
        file: Path | str,
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> models.Import:
        """Send the file of an import: NDJSON, plain or gzipped. Raises UploadError; returns the import as it is then.

        `progress` is called with the bytes sent and those of the file, and begins anew with every try. The link takes
        one file, whole and once, within the hour.
        """
        import_id = created["import"]["id"]
        uploading = Uploading(
            self._api, created["upload"], Path(file), progress, lambda: self.get(source_id, import_id)["state"]
        )
        uploading.run()
        return self.get(source_id, import_id)

    def run(
        self,
        source_id: str,
        file: Path | str,
        *,
        progress: Callable[[int, int], None] | None = None,
        timeout_seconds: float = 3600,
        **wanted: Unpack[models.CreateImportRequest],
    ) -> models.Import:
        """Import a file: send it, and wait for the end. Raises what `send` and `wait` do."""
        sent = self.send(source_id, file, progress=progress, **wanted)
        return self.wait(source_id, sent["id"], timeout_seconds=timeout_seconds)

    def send(
        self,
        source_id: str,
        file: Path | str,
        *,
        progress: Callable[[int, int], None] | None = None,
        **wanted: Unpack[models.CreateImportRequest],
    ) -> models.Import:
        """Create an import and upload its file; one whose file does not get through is cancelled.

        Raises what `create` and `upload` do.
        """
        created = self.create(source_id, **wanted)
        try:
            return self.upload(source_id, created, file, progress=progress)
        except BaseException:
            # Otherwise it would hold one of the tenant's places for a day.
            self._give_up(source_id, created["import"]["id"])
            raise

    def wait(self, source_id: str, import_id: str, *, timeout_seconds: float = 3600) -> models.Import:
        """Wait for the end; raises FailedError when it ended badly, StillUnderWayError.

        One that left out bad lines ends as `completed_with_errors`: look at `counts` and `report`.
        """
        ended = self._wait(
            lambda: self.get(source_id, import_id), lambda seen: seen["state"] in _UNDER_WAY, import_id, timeout_seconds
        )
        if ended["state"] in _BADLY:
            why = ended["error"] or {"code": f"import_{ended['state']}", "message": f"it is {ended['state']}"}
            raise FailedError(f"{import_id}: {why['message']}", why["code"], ended)
        return ended

    def faults(self, ended: models.Import) -> Iterator[dict[str, Any]]:
        """Yield what was wrong with lines: `line`, `externalItemId`, `path` and `message` of each, up to 100 000.

        Of an import that was just read, since the link of its report is good for 15 minutes. Raises ApiError.
        """
        report = ended["report"]
        if report is None or report["url"] is None:
            return
        with tempfile.TemporaryDirectory(prefix="knowledge-client-") as folder:
            file = Path(folder) / "report.ndjson"
            self._api.save(report["url"], file, f"GET the report of {ended['id']}", 0)
            with file.open(encoding="utf-8") as lines:
                yield from (json.loads(line) for line in lines if line.strip())

    def list(self, source_id: str, **query: Unpack[models.ListImportsQuery]) -> Listing[models.Import]:
        """List a source's imports, the newest first."""
        return Listing(self._api, path_to("sources", source_id, "imports"), "imports", query)

    def get(self, source_id: str, import_id: str) -> models.Import:
        """Read an import."""
        return cast(models.Import, self._api.get(path_to("sources", source_id, "imports", import_id))["import"])

    def cancel(self, source_id: str, import_id: str, *, idempotency_key: str | None = None) -> models.Import:
        """End an import; what was staged stays."""
        path = path_to("sources", source_id, "imports", import_id, "cancel")
        return cast(models.Import, self._api.write("POST", path, idempotency_key=idempotency_key)["import"])

    def _give_up(self, source_id: str, import_id: str) -> None:
        path = path_to("sources", source_id, "imports", import_id, "cancel")
        with contextlib.suppress(ApiError):
            self._api.try_once(Call("POST", path, idempotency_key=str(uuid.uuid4())))
