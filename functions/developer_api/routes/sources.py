"""/v1/sources: containers of items."""

from __future__ import annotations

from typing import Any

from httpapi.answers import Answer, created, ok, queued
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.sources import render_pending, render_source, render_whole_source
from httpapi.schemas.fields import NoQuery, body_of
from httpapi.schemas.sources import CreateSourceRequest, DeleteSourceRequest, SourceListQuery, UpdateSourceRequest
from knowledge.sources.model import Source
from knowledge.sources.rows import source_revision

SOURCE = "/v1/sources/{sourceId}"

routes = Routes()


@routes.post("/v1/sources", Scope.SOURCES_WRITE, body=body_of(CreateSourceRequest), unlimited_key=True)
def create_source(call: Call[CreateSourceRequest, NoQuery]) -> Answer:
    """Create a source with an empty staging set; 200 with the one that has the label already."""
    made = call.make_ids("src")
    source = call.services.knowledge.sources.create_source(
        call.tenant_id,
        **call.body.settings(),
        source_id=made.id,
        earlier_id=made.earlier,
        environment=call.key.spec.environment,
        by=call.actor,
    )
    body, revision = {"source": _whole(call, source)}, source_revision(source)
    if source.source_id not in (made.id, made.earlier):
        return ok(body, revision=revision)
    return created(body, call.place(SOURCE, sourceId=source.source_id), revision=revision)


@routes.get("/v1/sources", Scope.SOURCES_READ, query=SourceListQuery, tagged=True)
def list_sources(call: Call[None, SourceListQuery]) -> Answer:
    """List the sources that the key reaches, or the one that has a label."""
    ids, label = call.key.spec.source_ids, call.query.label
    only = None if ids is None else frozenset(ids)
    listing = call.listing(only=ids, label=label)
    position = call.position(listing)
    whose = call.tenant_id, call.key.spec.environment
    service = call.services.knowledge.sources
    if label is not None:
        page = service.find_labelled(*whose, label, only)
    else:
        page = service.list_sources(*whose, limit=call.query.limit, position=position, only=only)
    return ok(listing.render("sources", page, render_source))


@routes.get(SOURCE, Scope.SOURCES_READ, loads_source=True, tagged=True)
def get_source(call: Call[None, NoQuery]) -> Answer:
    """Read one source, and what is staged of it that is not published."""
    source, pending = call.services.knowledge.staging.find_pending(call.source)
    return ok({"source": _whole(call, source) | render_pending(pending)}, revision=source_revision(source))


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
