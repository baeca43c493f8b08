"""Snapshots in parts, step by step. `client.items.replace` does all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack, cast

from knowledge_client import models
from knowledge_client.listing import Listing
from knowledge_client.resources.resource import Resource, path_to


class Snapshots(Resource):
    """`client.snapshots`."""

    def list(self, source_id: str, **query: Unpack[models.ListSnapshotsQuery]) -> Listing[models.Snapshot]:
        """List a source's snapshots, the newest first."""
        return Listing(self._api, path_to("sources", source_id, "snapshots"), "snapshots", query)

    def open(self, source_id: str, *, idempotency_key: str | None = None) -> models.Snapshot:
        """Open a snapshot; raises ConflictError (`snapshot_open`) while another one is."""
        path = path_to("sources", source_id, "snapshots")
        return cast(models.Snapshot, self._api.write("POST", path, idempotency_key=idempotency_key)["snapshot"])

    def get(self, source_id: str, snapshot_id: str) -> models.Snapshot:
        """Read a snapshot."""
        path = path_to("sources", source_id, "snapshots", snapshot_id)
        return cast(models.Snapshot, self._api.get(path)["snapshot"])

    def put_part(
        self,
        source_id: str,
        snapshot_id: str,
        number: int,
        items: Sequence[models.ItemInput],
        *,
        idempotency_key: str | None = None,
    ) -> models.SnapshotPartResponse:
        """Send a part; one that is sent again under its number takes the place of the first."""
        path = path_to("sources", source_id, "snapshots", snapshot_id, "parts", str(number))
        answer = self._api.write("PUT", path, {"items": [*items]}, idempotency_key=idempotency_key)
        return cast(models.SnapshotPartResponse, answer)

    def complete(
        self,
        source_id: str,
        snapshot_id: str,
        *,
        idempotency_key: str | None = None,
        **more: Unpack[models.CompleteSnapshotRequest],
    ) -> models.Snapshot:
        """Remove what no part names. An answer that is still `completing` asks for the same call again."""
        path = path_to("sources", source_id, "snapshots", snapshot_id, "complete")
        answer = self._api.write("POST", path, more, idempotency_key=idempotency_key)
        return cast(models.Snapshot, answer["snapshot"])

    def abort(self, source_id: str, snapshot_id: str, *, idempotency_key: str | None = None) -> models.Snapshot:
        """End an open snapshot: nothing is removed, and what its parts brought stays."""
        path = path_to("sources", source_id, "snapshots", snapshot_id)
        return cast(models.Snapshot, self._api.write("DELETE", path, idempotency_key=idempotency_key)["snapshot"])
