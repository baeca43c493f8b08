"""/v1/sources/{sourceId}/items: the staging set."""

from __future__ import annotations

from typing import Any

from httpapi.answers import Answer, created, ok
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.items import (
    check_results_fit,
    keepable,
    render_item,
    render_results,
    render_written,
    with_sent,
)
from httpapi.schemas.fields import BodyReader, NoQuery
from httpapi.schemas.items import BatchInput, ItemListQuery, RemoveItemQuery
from knowledge.items.model import ItemDraft, Removal
from knowledge.items.validation import ItemInput, read_batch, read_item
from knowledge.limits import BATCH_BODY_BYTES
from knowledge.staging.model import PushResult

ITEMS = "/v1/sources/{sourceId}/items"
ITEM = ITEMS + "/{externalItemId}"

routes = Routes()


def complete_push(call: Call[ItemDraft, NoQuery], kept: dict[str, Any]) -> dict[str, Any]:
    """Make the kept answer to a push whole again."""
    return with_sent(kept, call.body)


@routes.post(
    ITEMS,
    Scope.ITEMS_WRITE,
    body=BodyReader(ItemInput, read_item),
    loads_source=True,
    takes_if_match=True,
    takes_if_absent=True,
    complete_replay=complete_push,
)
def push_item(call: Call[ItemDraft, NoQuery]) -> Answer:
    """Create or replace one item."""
    item, result = call.services.knowledge.staging.push_item(
        call.source, call.body, key_id=call.key.key_id, expected=call.expected
    )
    body = {"item": render_written(item, call.key, sent=True), "result": result}
    if result is not PushResult.CREATED:
        return ok(body, kept=keepable(body), revision=item.revision)
    place = call.place(ITEM, externalItemId=item.external_item_id)
    return created(body, place, kept=keepable(body), revision=item.revision)


@routes.post(
    ITEMS + "/batch",
    Scope.ITEMS_WRITE,
    body=BodyReader(BatchInput, read_batch),
    body_limit_bytes=BATCH_BODY_BYTES,
    loads_source=True,
)
def push_batch(call: Call[tuple[list[ItemDraft], list[Removal]], NoQuery]) -> Answer:
    """Create, replace and remove the named items; the others stay as they are."""
    items, removals = call.body
    check_results_fit([*(item.external_item_id for item in items), *(gone.external_item_id for gone in removals)])
    results = call.services.knowledge.staging.push_items(call.source, items, removals, key_id=call.key.key_id)
    return ok(render_results(results))


@routes.get(ITEMS, Scope.ITEMS_READ, query=ItemListQuery, loads_source=True, tagged=True)
def list_items(call: Call[None, ItemListQuery]) -> Answer:
    """List the staging set in the order of the ids."""
    query = call.query
    listing = call.listing(state=query.state, prefix=query.prefix)
    page = call.services.knowledge.staging.list_items(
        call.source,
        state=query.state,
        prefix=query.prefix,
        limit=query.page_entries,
        position=call.position(listing),
        include_content=query.include is not None,
    )
    return ok(listing.render("items", page, render_item))


@routes.get(ITEM, Scope.ITEMS_READ, loads_source=True, tagged=True)
def get_item(call: Call[None, NoQuery]) -> Answer:
    """Read one item with its content."""
    item = call.services.knowledge.staging.get_item(call.source, call.external_item_id)
    return ok({"item": render_item(item)}, revision=item.revision)


@routes.delete(ITEM, Scope.ITEMS_WRITE, query=RemoveItemQuery, loads_source=True, takes_if_match=True)
def remove_item(call: Call[None, RemoveItemQuery]) -> Answer:
    """Remove one item; it is served until its grace has passed."""
    item = call.services.knowledge.staging.remove_item(
        call.source,
        call.external_item_id,
        call.query.source_version,
        key_id=call.key.key_id,
        expected=call.expected,
    )
    return ok({"item": render_written(item, call.key, sent=False)}, revision=item.revision)


@routes.post(ITEM + "/restore", Scope.ITEMS_WRITE, loads_source=True)
def restore_item(call: Call[None, NoQuery]) -> Answer:
    """Take a removal back."""
    item = call.services.knowledge.staging.restore_item(call.source, call.external_item_id, key_id=call.key.key_id)
    return ok({"item": render_written(item, call.key, sent=False)}, revision=item.revision)
