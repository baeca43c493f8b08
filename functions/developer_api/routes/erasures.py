"""/v1/sources/{sourceId}/erasures: content that is taken back from everything that is kept."""

from __future__ import annotations

from httpapi.answers import Answer, ok, queued
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.erasures import render_erasure
from httpapi.schemas.erasures import CreateErasureRequest
from httpapi.schemas.fields import ListQuery, NoQuery, body_of

ERASURES = "/v1/sources/{sourceId}/erasures"
ERASURE = ERASURES + "/{erasureId}"

routes = Routes()


@routes.post(ERASURES, Scope.CONTENT_ERASE, body=body_of(CreateErasureRequest), loads_source=True)
def create_erasure(call: Call[CreateErasureRequest, NoQuery]) -> Answer:
    """Take items back from everything that is kept; the receipt tells how far it is."""
    made = call.make_ids("era")
    erasure = call.services.knowledge.erasures.service.request_erasure(
        call.source,
        call.body.ids,
        erasure_id=made.id,
        earlier_id=made.earlier,
        message=call.body.message,
        by=call.actor,
    )
    return queued({"erasure": render_erasure(erasure)}, call.place(ERASURE, erasureId=erasure.erasure_id))


@routes.get(ERASURES, Scope.CONTENT_ERASE, query=ListQuery, loads_source=True)
def list_erasures(call: Call[None, ListQuery]) -> Answer:
    """List the erasures of a source, newest first."""
    listing = call.listing()
    service = call.services.knowledge.erasures.service
    page = service.list_erasures(call.source, limit=call.query.limit, position=call.position(listing))
    return ok(listing.render("erasures", page, render_erasure))


@routes.get(ERASURE, Scope.CONTENT_ERASE, loads_source=True)
def get_erasure(call: Call[None, NoQuery]) -> Answer:
    """Read the receipt of an erasure: what was done when, and what remains until when."""
    erasure = call.services.knowledge.erasures.service.get_erasure(call.source, call.erasure_id)
    return ok({"erasure": render_erasure(erasure)})
