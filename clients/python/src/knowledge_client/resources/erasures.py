"""Erasures: content taken back from everything that is kept."""

from __future__ import annotations

from typing import Unpack, cast

from knowledge_client import models
from knowledge_client.listing import Listing
from knowledge_client.resources.resource import Resource, path_to


class Erasures(Resource):
    """`client.erasures`."""

    def create(
        self,
        source_id: str,
        *,
        idempotency_key: str | None = None,
        **wanted: Unpack[models.CreateErasureRequest],
    ) -> models.Erasure:
        """Take the items of `externalItemIds` back, for good."""
        path = path_to("sources", source_id, "erasures")
        answer = self._api.write("POST", path, wanted, idempotency_key=idempotency_key)
        return cast(models.Erasure, answer["erasure"])

    def get(self, source_id: str, erasure_id: str) -> models.Erasure:
        """Read the receipt of an erasure."""
        path = path_to("sources", source_id, "erasures", erasure_id)
        return cast(models.Erasure, self._api.get(path)["erasure"])

    def wait(self, source_id: str, erasure_id: str, *, timeout_seconds: float = 7200) -> models.Erasure:
        """Wait until an erasure is completed, an hour or so; raises StillUnderWayError."""
        return self._wait(
            lambda: self.get(source_id, erasure_id),
            lambda erasure: erasure["state"] != "completed",
            erasure_id,
            timeout_seconds,
        )

    def list(self, source_id: str, **query: Unpack[models.ListErasuresQuery]) -> Listing[models.Erasure]:
        """List a source's erasures, the newest first."""
        return Listing(self._api, path_to("sources", source_id, "erasures"), "erasures", query)
