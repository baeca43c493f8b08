"""Items of a source's staging set: what is to be served once a run is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Unpack, cast

from knowledge_client import models
from knowledge_client.listing import Listing
from knowledge_client.resources.resource import Resource, path_to
from knowledge_client.sending import push_in_batches, replace_in_parts


class Items(Resource):
    """`client.items`."""

    def list(
        self, source_id: str, *, with_content: bool = False, **query: Unpack[models.ListItemsQuery]
    ) -> Listing[models.Item]:
        """List what is staged. `with_content` reads the `content` of each, large ones by their links."""
        return Listing(self._api, path_to("sources", source_id, "items"), "items", query, with_content=with_content)

    def get(self, source_id: str, external_item_id: str, *, if_none_match: str | None = None) -> models.Item:
        """Read a staged item with its content; raises NotModifiedError when it is what the tag names."""
        path = path_to("sources", source_id, "items", external_item_id)
        return cast(models.Item, self._api.get(path, if_none_match=if_none_match)["item"])

    def history(
        self, source_id: str, external_item_id: str, **query: Unpack[models.ListItemHistoryQuery]
    ) -> Listing[models.HistoryEntry]:
        """List the published generations that changed an item, the newest first.

        `answers()` also tells whether it was served before what is kept (`earlier`), or was erased (`erasedAt`).
        """
        path = path_to("sources", source_id, "items", external_item_id, "history")
        return Listing(self._api, path, "history", query)

    def push(
        self,
        source_id: str,
        item: models.ItemInput,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> models.PushResponse:
        """Create or replace one item.

        `if_match` is the tag (`etag_of`) of what it may replace, `if_none_match="*"` creates and replaces nothing;
        raises PreconditionFailedError when something else is there.
        """
        answer = self._api.write(
            "POST",
            path_to("sources", source_id, "items"),
            item,
            idempotency_key=idempotency_key,
            if_match=if_match,
            if_none_match=if_none_match,
        )
        return cast(models.PushResponse, answer)

    def push_batch(
        self,
        source_id: str,
        items: Sequence[models.ItemInput] = (),
        removals: Iterable[str | models.RemovalInput] = (),
        *,
        idempotency_key: str | None = None,
    ) -> models.BatchResponse:
        """Push and remove in one request, all or nothing, and leave the others; it takes 5 000, and 8 MiB of JSON."""
        named = [{"externalItemId": each} if isinstance(each, str) else each for each in removals]
        answer = self._api.write(
            "POST",
            path_to("sources", source_id, "items", "batch"),
            {"items": [*items], "removals": named},
            idempotency_key=idempotency_key,
        )
        return cast(models.BatchResponse, answer)

    def push_all(
        self,
        source_id: str,
        items: Iterable[models.ItemInput],
        *,
        progress: Callable[[int], None] | None = None,
        idempotency_key: str | None = None,
    ) -> models.BatchCounts:
        """Push any number of items, in as many batches as it takes; returns how many came to what.

        Only one batch is held, so `items` may be a generator. Each batch is all or nothing by itself: when one is
        refused, the error's `sent` tells how many items went before it, and its faults count from the first item of
        all. A job that is started again with the same items and the same `idempotency_key` within a day gets the same
        answers.
        """
        return push_in_batches(
            lambda part, key: self.push_batch(source_id, part, idempotency_key=key),
            items,
            progress or (lambda done: None),
            idempotency_key,
        )

    def replace(
        self,
        source_id: str,
        items: Iterable[models.ItemInput],
        *,
        allow_empty: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> models.BatchCounts:
        """Make the staging set exactly these items: what they do not name is removed, and dropped after the grace.

        Many go in parts, of which one is held at a time. Nothing is removed before every part has arrived: if one is
        refused, if `items` raises, or at a Ctrl-C, the snapshot is aborted, and what its parts brought stays staged.
        `progress` is called with the number of items sent so far.
        """
        return replace_in_parts(
            self._api, path_to("sources", source_id), items, progress or (lambda done: None), allow_empty=allow_empty
        )

    def remove(
        self,
        source_id: str,
        external_item_id: str,
        *,
        source_version: int | None = None,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.WrittenItem:
        """Remove an item, if it is what the tag names; it is served until the source's `graceDays` have passed."""
        answer = self._api.write(
            "DELETE",
            path_to("sources", source_id, "items", external_item_id),
            query={"sourceVersion": source_version},
            idempotency_key=idempotency_key,
            if_match=if_match,
        )
        return cast(models.WrittenItem, answer["item"])

    def restore(
        self, source_id: str, external_item_id: str, *, idempotency_key: str | None = None
    ) -> models.WrittenItem:
        """Take a removal back."""
        path = path_to("sources", source_id, "items", external_item_id, "restore")
        return cast(models.WrittenItem, self._api.write("POST", path, idempotency_key=idempotency_key)["item"])
