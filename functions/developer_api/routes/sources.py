"""/v1/sources: containers of items."""

from __future__ import annotations

from typing import Any

from httpapi.answers import Answer, created, ok, queued
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.sources import render_source, render_whole_source
from httpapi.schemas.fields import ListQuery, NoQuery, body_of
from httpapi.schemas.sources import CreateSourceRequest, DeleteSourceRequest, UpdateSourceRequest
from knowledge.sources.model import Source
from knowledge.sources.rows import source_revision

SOURCE = "/v1/sources/{sourceId}"

routes = Routes()


@routes.post("/v1/sources", Scope.SOURCES_WRITE, body=body_of(CreateSourceRequest), unlimited_key=True)
def create_source(call: Call[CreateSourceRequest, NoQuery]) -> Answer:
    """Create a source with an empty staging set."""
    made = call.make_ids("src")
    source = call.services.knowledge.sources.create_source(
        call.tenant_id,
        **call.body.settings(),
        source_id=made.id,
        earlier_id=made.earlier,
        environment=call.key.spec.environment,
        by=call.actor,
    )
    place = call.place(SOURCE, sourceId=source.source_id)
    return created({"source": _whole(call, source)}, place, revision=source_revision(source))


@routes.get("/v1/sources", Scope.SOURCES_READ, query=ListQuery, tagged=True)
def list_sources(call: Call[None, ListQuery]) -> Answer:
    """List the sources that the key reaches."""
    only = call.key.spec.source_ids
    listing = call.listing(only=only)
    page = call.services.knowledge.sources.list_sources(
        call.tenant_id,
        call.key.spec.environment,
        limit=call.query.limit,
        position=call.position(listing),
        only=None if only is None else frozenset(only),
    )
    return ok(listing.render("sources", page, render_source))


@routes.get(SOURCE, Scope.SOURCES_READ, loads_source=True, tagged=True)
def get_source(call: Call[None, NoQuery]) -> Answer:
    """Read one source."""
    return ok({"source": _whole(call, call.source)}, revision=source_revision(call.source))


@routes.patch(SOURCE, Scope.SOURCES_WRITE, body=body_of(UpdateSourceRequest), loads_source=True, takes_if_match=True)
def update_source(call: Call[UpdateSourceRequest, NoQuery]) -> Answer:
    """Change what is named; a removal guard or a language of null is taken away."""
    changes = call.body.changes()
    source = call.services.knowledge.sources.update_source(
        call.tenant_id, call.source.source_id, **changes, by=call.actor, expected=call.expected
    )
    return ok({"source": _whole(call, source)}, revision=source_revision(source))


@routes.delete(SOURCE, Scope.SOURCES_WRITE, loads_source=True, takes_if_match=True)
def archive_source(call: Call[None, NoQuery]) -> Answer:
    """Archive a source; its last generation keeps serving."""
    source = call.services.knowledge.sources.archive_source(
        call.tenant_id, call.source.source_id, by=call.actor, expected=call.expected
    )
    return ok({"source": render_source(source)}, revision=source_revision(source))


@routes.post(SOURCE + "/restore", Scope.SOURCES_WRITE, loads_source=True)
def restore_source(call: Call[None, NoQuery]) -> Answer:
    """Bring an archived source back."""
    source = call.services.knowledge.sources.restore_source(call.tenant_id, call.source.source_id, by=call.actor)
    return ok({"source": render_source(source)}, revision=source_revision(source))


@routes.post(
    SOURCE + "/delete",
    Scope.CONTENT_ERASE,
    body=body_of(DeleteSourceRequest),
    body_required=False,
    loads_source=True,
    finds_deleting=True,
)
def delete_source(call: Call[DeleteSourceRequest, NoQuery]) -> Answer:
    """Delete an archived source with all that is kept of it, for good."""
    source = call.services.knowledge.sources.delete_source(call.source, message=call.body.message, by=call.actor)
    return queued({"source": render_source(source)})


def _whole(call: Call[Any, Any], source: Source) -> dict[str, Any]:
    return render_whole_source(source, call.services.knowledge.sources.synonyms_of(source))
