"""/v1/usage: what a tenant has, and how much it asks."""

from __future__ import annotations

from httpapi.answers import Answer, ok
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.usage import render_served, render_usage
from httpapi.schemas.usage import UsageQuery

routes = Routes()


@routes.get("/v1/usage", Scope.AUDIT_READ, query=UsageQuery, unlimited_key=True)
def get_usage(call: Call[None, UsageQuery]) -> Answer:
    """Tell what is served, and the requests of each key by day."""
    days = call.query.days(call.now)
    listing = call.listing(since=call.query.since, until=call.query.until)
    page = call.services.usage.list_usage(call.tenant_id, days, limit=call.query.limit, position=call.position(listing))
    served = call.services.knowledge.sources.served_by_tenant(call.tenant_id)
    return ok({"served": render_served(served), **listing.render("keys", page, render_usage)})
