"""/v1/sources/{sourceId}/generations: what is and was served."""

from __future__ import annotations

from httpapi.answers import Answer, ok
from httpapi.call import Call, known_generation
from httpapi.keys.scopes import Scope
from httpapi.operations import SHOWS_ITEMS, Routes
from httpapi.render.generations import render_generation
from httpapi.render.items import render_changed_item, render_generation_item
from httpapi.render.runs import render_outcome
from httpapi.schemas.fields import ListQuery, NoQuery, body_of
from httpapi.schemas.generations import (
    GenerationChangeListQuery,
    GenerationItemListQuery,
    RestoreGenerationRequest,
)
from knowledge.generations.change_lists import Asked
from knowledge.generations.holding import hold_changes, hold_items

GENERATIONS = "/v1/sources/{sourceId}/generations"
GENERATION = GENERATIONS + "/{generationId}"

routes = Routes()


@routes.get(GENERATIONS, Scope.RUNS_READ, query=ListQuery, loads_source=True, tagged=True)
def list_generations(call: Call[None, ListQuery]) -> Answer:
    """List the generations of a source, newest first."""
    listing = call.listing()
    page = call.services.knowledge.generations.list_generations(
        call.source, limit=call.query.limit, position=call.position(listing)
    )
    return ok(listing.render("generations", page, render_generation))


@routes.get(GENERATION, Scope.RUNS_READ, loads_source=True, tagged=True)
def get_generation(call: Call[None, NoQuery]) -> Answer:
    """Read one generation, or the one that is served now."""
    generation = call.services.knowledge.generations.get_generation(call.source, call.generation_id)
    return ok({"generation": render_generation(generation)})


@routes.get(
    GENERATION + "/items",
    Scope.RUNS_READ,
    further_scopes=SHOWS_ITEMS,
    query=GenerationItemListQuery,
    loads_source=True,
    tagged=True,
)
def list_generation_items(call: Call[None, GenerationItemListQuery]) -> Answer:
    """List what a generation serves; each page is of the generation that the first one was of."""
    reader, query = call.services.knowledge.generations, call.query
    listing = call.listing(prefix=query.prefix)
    held = hold_items(reader, call.source, call.generation_id, call.position(listing))
    with held.reading():
        page = reader.list_items(
            held.generation,
            limit=query.page_entries,
            position=held.position,
            include_content=query.include is not None,
            prefix=query.prefix or "",
        )
    body = listing.render("items", held.hold(page), render_generation_item)
    return ok({"generationId": held.generation.generation_id, **body, "erasedCount": page.erased})


@routes.get(
    GENERATION + "/items/{externalItemId}",
    Scope.RUNS_READ,
    further_scopes=SHOWS_ITEMS,
    loads_source=True,
    tagged=True,
)
def get_generation_item(call: Call[None, NoQuery]) -> Answer:
    """Read one item as a generation serves it, with its content."""
    reader = call.services.knowledge.generations
    generation = reader.get_generation(call.source, call.generation_id)
    item = reader.get_item(generation, call.external_item_id)
    return ok({"generationId": generation.generation_id, "item": render_generation_item(item)})


@routes.get(
    GENERATION + "/changes",
    Scope.RUNS_READ,
    further_scopes=SHOWS_ITEMS,
    query=GenerationChangeListQuery,
    loads_source=True,
)
def list_generation_changes(call: Call[None, GenerationChangeListQuery]) -> Answer:
    """List what a generation serves differently from another, with the fields that differ, and contents if wished."""
    reader, query = call.services.knowledge.generations, call.query
    listing = call.listing(change=query.change, prefix=query.prefix)
    before_id = None if query.from_ is None else known_generation(query.from_)
    held = hold_changes(reader, call.source, call.generation_id, before_id, call.position(listing))
    asked = Asked(
        query.change,
        query.page_entries,
        held.position,
        query.include is not None,
        query.prefix or "",
        whole_items=query.include == "items",
    )
    with held.reading():
        page = reader.list_changed_items(held.generation, held.before, asked)
    body = listing.render("changes", held.hold(page), render_changed_item)
    ids = {"generationId": held.generation.generation_id, "fromGenerationId": held.before_id}
    return ok({**ids, **body, "erasedCount": page.erased})


@routes.post(
    GENERATION + "/restore",
    Scope.RUNS_APPLY,
    body=body_of(RestoreGenerationRequest),
    body_required=False,
    loads_source=True,
)
def restore_generation(call: Call[RestoreGenerationRequest, NoQuery]) -> Answer:
    """Publish what an older generation serves as a new one."""
    made = call.make_ids("gen")
    outcome = call.services.knowledge.restorer.restore_generation(
        call.source,
        call.generation_id,
        new_generation_id=made.id,
        earlier_id=made.earlier,
        by=call.actor,
        message=call.body.message,
    )
    return ok(render_outcome(outcome))
