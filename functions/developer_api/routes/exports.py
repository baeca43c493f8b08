"""/v1/sources/{sourceId}/generations/{generationId}/exports: what a generation serves as one file."""

from __future__ import annotations

from typing import Any

from httpapi.answers import Answer, ok, queued
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import SHOWS_ITEMS, Routes
from httpapi.render.exports import render_export
from httpapi.schemas.exports import CreateExportRequest
from httpapi.schemas.fields import ListQuery, NoQuery, body_of
from knowledge.generations.model import Generation

EXPORTS = "/v1/sources/{sourceId}/generations/{generationId}/exports"
EXPORT = EXPORTS + "/{exportId}"

routes = Routes()


@routes.post(
    EXPORTS,
    Scope.RUNS_READ,
    further_scopes=SHOWS_ITEMS,
    body=body_of(CreateExportRequest),
    body_required=False,
    loads_source=True,
)
def create_export(call: Call[CreateExportRequest, NoQuery]) -> Answer:
    """Have what a generation serves written into a file."""
    made = call.make_ids("exp")
    export = call.services.knowledge.exports.service.create_export(
        call.source,
        _generation(call),
        export_id=made.id,
        earlier_id=made.earlier,
        by=call.actor,
        message=call.body.message,
    )
    place = call.place(EXPORT, generationId=export.generation_id, exportId=export.export_id)
    return queued({"export": render_export(export)}, place)


@routes.get(EXPORTS, Scope.RUNS_READ, further_scopes=SHOWS_ITEMS, query=ListQuery, loads_source=True)
def list_exports(call: Call[None, ListQuery]) -> Answer:
    """List the exports of a generation, newest first, without links to their files."""
    generation = _generation(call)
    listing = call.listing(generation=generation.generation_id)
    page = call.services.knowledge.exports.service.list_exports(
        call.source, generation, limit=call.query.limit, position=call.position(listing)
    )
    return ok(listing.render("exports", page, render_export))


@routes.get(EXPORT, Scope.RUNS_READ, further_scopes=SHOWS_ITEMS, loads_source=True)
def get_export(call: Call[None, NoQuery]) -> Answer:
    """Read an export: how far it has come, and where its file is."""
    service = call.services.knowledge.exports.service
    export = service.get_export(call.source, _generation(call), call.export_id)
    return ok({"export": render_export(export, service.make_link(export))})


def _generation(call: Call[Any, Any]) -> Generation:
    return call.services.knowledge.generations.get_generation(call.source, call.generation_id)
