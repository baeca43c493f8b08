"""/v1/sources/{sourceId}/imports: files of any size, staged line by line."""

from __future__ import annotations

from httpapi.answers import Answer, created, ok
from httpapi.call import Call
from httpapi.errors import InsufficientScopeError
from httpapi.keys.import_permission import import_scopes
from httpapi.keys.model import Key
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.imports import render_import, render_upload
from httpapi.schemas.fields import NoQuery, body_of
from httpapi.schemas.imports import CreateImportRequest, ImportListQuery

IMPORTS = "/v1/sources/{sourceId}/imports"
IMPORT = IMPORTS + "/{importId}"

routes = Routes()


def check_import(key: Key, body: CreateImportRequest) -> None:
    """An import needs the scopes of what it makes: a run, and an apply if it is to. Raises InsufficientScopeError."""
    missing = import_scopes(apply=body.apply) - set(key.spec.scopes)
    if missing:
        what = "an import with apply" if Scope.RUNS_APPLY in missing else "an import"
        raise InsufficientScopeError(
            f"The API key lacks the scope {min(missing)} that {what} needs. Use a key that has it."
        )


@routes.post(
    IMPORTS,
    Scope.ITEMS_WRITE,
    further_scopes=(Scope.RUNS_WRITE,),
    body=body_of(CreateImportRequest),
    check_body=check_import,
    loads_source=True,
)
def create_import(call: Call[CreateImportRequest, NoQuery]) -> Answer:
    """Make an import that waits for its file; it makes a run, and one that is to be applied applies it."""
    made = call.make_ids("imp")
    job, url = call.services.knowledge.imports.service.create_import(
        call.source,
        mode=call.body.mode,
        apply=call.body.apply,
        file_format=call.body.format,
        import_id=made.id,
        earlier_id=made.earlier,
        max_rejected=call.body.max_rejected,
        by=call.actor,
        message=call.body.message,
    )
    body = {"import": render_import(job), "upload": render_upload(job, url)}
    return created(body, call.place(IMPORT, importId=job.import_id))


@routes.get(IMPORTS, Scope.ITEMS_READ, or_scope=Scope.ITEMS_WRITE, query=ImportListQuery, loads_source=True)
def list_imports(call: Call[None, ImportListQuery]) -> Answer:
    """List the imports of a source, newest first, without links to their reports."""
    query = call.query
    listing = call.listing(state=query.state)
    service = call.services.knowledge.imports.service
    page = service.list_imports(call.source, limit=query.limit, position=call.position(listing), state=query.state)
    return ok(listing.render("imports", page, render_import))


@routes.get(IMPORT, Scope.ITEMS_READ, or_scope=Scope.ITEMS_WRITE, loads_source=True)
def get_import(call: Call[None, NoQuery]) -> Answer:
    """Read an import: how far it has come, and what was wrong with its lines."""
    service = call.services.knowledge.imports.service
    job = service.get_import(call.source, call.import_id)
    return ok({"import": render_import(job, service.report_link(job))})


@routes.post(IMPORT + "/cancel", Scope.ITEMS_WRITE, loads_source=True)
def cancel_import(call: Call[None, NoQuery]) -> Answer:
    """End an import, wherever it is; what it staged stays."""
    service = call.services.knowledge.imports.service
    job = service.cancel_import(call.source, call.import_id, by=call.actor)
    return ok({"import": render_import(job, service.report_link(job))})
