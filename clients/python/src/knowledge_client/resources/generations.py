"""Generations: what is served, and what was."""

from __future__ import annotations

from typing import Unpack, cast

from knowledge_client import models
from knowledge_client.listing import Listing
from knowledge_client.resources.resource import Resource, path_to

CURRENT = "current"


class Generations(Resource):
    """`client.generations`; the generation that is served is also called `current`."""

    def list(self, source_id: str, **query: Unpack[models.ListGenerationsQuery]) -> Listing[models.Generation]:
        """List the generations that are kept, the newest first."""
        return Listing(self._api, path_to("sources", source_id, "generations"), "generations", query)

    def get(
        self, source_id: str, generation_id: str = CURRENT, *, if_none_match: str | None = None
    ) -> models.Generation:
        """Read a generation; raises NotFoundError when it is not kept, or nothing is served yet, NotModifiedError."""
        path = path_to("sources", source_id, "generations", generation_id)
        return cast(models.Generation, self._api.get(path, if_none_match=if_none_match)["generation"])

    def items(
        self,
        source_id: str,
        generation_id: str = CURRENT,
        *,
        with_content: bool = False,
        **query: Unpack[models.ListGenerationItemsQuery],
    ) -> Listing[models.GenerationItem]:
        """List what a generation serves. `with_content` reads the `content` of each, large ones by their links."""
        path = path_to("sources", source_id, "generations", generation_id, "items")
        return Listing(self._api, path, "items", query, with_content=with_content)

    def item(
        self,
        source_id: str,
        external_item_id: str,
        generation_id: str = CURRENT,
        *,
        if_none_match: str | None = None,
    ) -> models.GenerationItem:
        """Read one item as a generation serves it, with its `content`, or `contentUrl` for a large one."""
        path = path_to("sources", source_id, "generations", generation_id, "items", external_item_id)
        return cast(models.GenerationItem, self._api.get(path, if_none_match=if_none_match)["item"])

    def changes(
        self,
        source_id: str,
        generation_id: str = CURRENT,
        *,
        since_generation: str,
        with_content: bool = False,
        with_items: bool = False,
        **query: Unpack[models.ListGenerationChangesQuery],
    ) -> Listing[models.GenerationChange]:
        """List what a generation serves otherwise than another one did, `since_generation`.

        `with_content` tells each item `before` and `after`, in the fields that differ; `with_items` brings it whole,
        as it is served since.
        """
        path = path_to("sources", source_id, "generations", generation_id, "changes")
        asked = {**query, "from": since_generation}
        return Listing(self._api, path, "changes", asked, with_content=with_content, with_items=with_items)

    def restore(
        self,
        source_id: str,
        generation_id: str,
        *,
        idempotency_key: str | None = None,
        **more: Unpack[models.RestoreGenerationRequest],
    ) -> models.PublishedResponse:
        """Serve what a generation served, as a new one."""
        path = path_to("sources", source_id, "generations", generation_id, "restore")
        answer = self._api.write("POST", path, more, idempotency_key=idempotency_key)
        return cast(models.PublishedResponse, answer)
