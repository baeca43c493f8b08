"""/v1/sources/{sourceId}/imports: files of any size, staged line by line."""

from __future__ import annotations

from httpapi.answers import Answer, created, ok
from httpapi.call import Call
from httpapi.keys.model import Key, Scope
from httpapi.operations import Routes, check_scope
from httpapi.render.imports import render_import, render_upload
from httpapi.schemas.fields import ListQuery, NoQuery, body_of
from httpapi.schemas.imports import CreateImportRequest

IMPORTS = "/v1/sources/{sourceId}/imports"

routes = Routes()


def check_import(key: Key, body: CreateImportRequest) -> None:
    """An import that is to be applied needs the scope of an apply too. Raises InsufficientScopeError."""
    if body.apply:
        check_scope(key, Scope.RUNS_APPLY)


@routes.post(IMPORTS, Scope.ITEMS_WRITE, body=body_of(CreateImportRequest), check_body=check_import, loads_source=True)
def create_import(call: Call[CreateImportRequest, NoQuery]) -> Answer:
    """Make an import that waits for its file."""
    made = call.make_ids("imp")
    job, url = call.services.knowledge.imports.service.create_import(
        call.source,
        mode=call.body.mode,
        apply=call.body.apply,
        file_format=call.body.format,
        import_id=made.id,
        earlier_id=made.earlier,
    )
    return created({"import": render_import(job), "upload": render_upload(job, url)})


@routes.get(IMPORTS, Scope.ITEMS_WRITE, query=ListQuery, loads_source=True)
def list_imports(call: Call[None, ListQuery]) -> Answer:
    """List the imports of a source, newest first, without links to their reports."""
    listing = call.listing()
    service = call.services.knowledge.imports.service
    page = service.list_imports(call.source, limit=call.query.limit, position=call.position(listing))
    return ok(listing.render("imports", page, render_import))


@routes.get(IMPORTS + "/{importId}", Scope.ITEMS_WRITE, loads_source=True)
def get_import(call: Call[None, NoQuery]) -> Answer:
    """Read an import: how far it has come, and what was wrong with its lines."""
    service = call.services.knowledge.imports.service
    job = service.get_import(call.source, call.import_id)
    return ok({"import": render_import(job, service.report_link(job))})
