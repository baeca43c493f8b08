"""/v1/admin/audit: who changed what."""

from __future__ import annotations

from httpapi.answers import Answer, ok
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.audit import render_entry
from httpapi.schemas.audit import AuditQuery

routes = Routes()


@routes.get("/v1/admin/audit", Scope.AUDIT_READ, query=AuditQuery, unlimited_key=True)
def list_audit(call: Call[None, AuditQuery]) -> Answer:
    """List the tenant's changes, newest first."""
    asked = call.query
    filters = {"key_id": asked.key_id, "kind": asked.kind, "request_id": asked.request_id}
    listing = call.listing(**filters, since=asked.since, until=asked.until)
    asked.check_times()
    page = call.services.audit.list_entries(
        call.tenant_id,
        since=asked.since,
        until=asked.until,
        now=call.now,
        keep=asked.keeps,
        limit=asked.limit,
        position=call.position(listing),
    )
    return ok(listing.render("entries", page, render_entry))
