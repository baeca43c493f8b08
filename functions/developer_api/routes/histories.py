"""/v1/sources/{sourceId}/items/{externalItemId}/history: the published generations that changed an item."""

from __future__ import annotations

from httpapi.answers import Answer, ok
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import SHOWS_ITEMS, Routes
from httpapi.render.histories import render_history_entry
from httpapi.schemas.fields import ListQuery
from knowledge.limits import HISTORY_GENERATIONS
from knowledge.times import optional_timestamp

routes = Routes()


@routes.get(
    "/v1/sources/{sourceId}/items/{externalItemId}/history",
    Scope.RUNS_READ,
    further_scopes=SHOWS_ITEMS,
    query=ListQuery,
    loads_source=True,
    tagged=True,
)
def list_item_history(call: Call[None, ListQuery]) -> Answer:
    """List the generations that changed an item, newest first."""
    listing = call.listing()
    told = call.services.knowledge.histories.list_history(
        call.source,
        call.external_item_id,
        limit=min(call.query.limit, HISTORY_GENERATIONS),
        position=call.position(listing),
    )
    body = listing.render("history", told.page, render_history_entry)
    ends = {"earlier": told.earlier, "erasedAt": optional_timestamp(told.erased_at)}
    return ok({"externalItemId": call.external_item_id, **body, **ends})
