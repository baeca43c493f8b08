"""Sources: what is published together."""

from __future__ import annotations

from typing import Unpack, cast

from knowledge_client import models
from knowledge_client.listing import Listing
from knowledge_client.resources.resource import Resource, path_to


class Sources(Resource):
    """`client.sources`."""

    def list(self, **query: Unpack[models.ListSourcesQuery]) -> Listing[models.Source]:
        """List the sources that the key reaches, the newest first."""
        return Listing(self._api, "/v1/sources", "sources", query)

    def create(
        self, *, idempotency_key: str | None = None, **source: Unpack[models.CreateSourceRequest]
    ) -> models.Source:
        """Create a source. Give it an `idempotency_key` made from its name if several may create it at once."""
        answer = self._api.write("POST", "/v1/sources", source, idempotency_key=idempotency_key)
        return cast(models.Source, answer["source"])

    def get(self, source_id: str, *, if_none_match: str | None = None) -> models.Source:
        """Read a source; raises NotModifiedError when it is what the tag names."""
        return cast(models.Source, self._api.get(path_to("sources", source_id), if_none_match=if_none_match)["source"])

    def update(
        self,
        source_id: str,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
        **changes: Unpack[models.UpdateSourceRequest],
    ) -> models.Source:
        """Change settings; what is not named stays. Raises PreconditionFailedError when the tag names others."""
        path = path_to("sources", source_id)
        answer = self._api.write("PATCH", path, changes, idempotency_key=idempotency_key, if_match=if_match)
        return cast(models.Source, answer["source"])

    def archive(
        self, source_id: str, *, idempotency_key: str | None = None, if_match: str | None = None
    ) -> models.Source:
        """Take no more writes; what it serves stays."""
        path = path_to("sources", source_id)
        answer = self._api.write("DELETE", path, idempotency_key=idempotency_key, if_match=if_match)
        return cast(models.Source, answer["source"])

    def restore(self, source_id: str, *, idempotency_key: str | None = None) -> models.Source:
        """Take writes again."""
        answer = self._api.write("POST", path_to("sources", source_id, "restore"), idempotency_key=idempotency_key)
        return cast(models.Source, answer["source"])

    def delete(
        self, source_id: str, *, idempotency_key: str | None = None, **more: Unpack[models.DeleteSourceRequest]
    ) -> models.Source:
        """Delete an archived source and all that is kept of it, for good."""
        answer = self._api.write("POST", path_to("sources", source_id, "delete"), more, idempotency_key=idempotency_key)
        return cast(models.Source, answer["source"])
