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
from httpapi.schemas.generations import GenerationChangeListQuery, RestoreGenerationRequest
from httpapi.schemas.items import ContentListQuery
from knowledge.generations.change_lists import Asked

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
    query=ContentListQuery,
    loads_source=True,
    tagged=True,
)
def list_generation_items(call: Call[None, ContentListQuery]) -> Answer:
    """List what a generation serves."""
    reader = call.services.knowledge.generations
    generation = reader.get_generation(call.source, call.generation_id)
    listing = call.listing(generation=generation.generation_id)
    page = reader.list_items(
        generation,
        limit=call.query.limit,
        position=call.position(listing),
        include_content=call.query.include is not None,
    )
    return ok({**listing.render("items", page, render_generation_item), "erasedCount": page.erased})


@routes.get(
    GENERATION + "/changes",
    Scope.RUNS_READ,
    further_scopes=SHOWS_ITEMS,
    query=GenerationChangeListQuery,
    loads_source=True,
)
def list_generation_changes(call: Call[None, GenerationChangeListQuery]) -> Answer:
    """List what a generation serves differently from another, with the fields that differ, and contents if wished."""
    reader = call.services.knowledge.generations
    generation = reader.get_generation(call.source, call.generation_id)
    from_id = generation.base_generation_id if call.query.from_ is None else known_generation(call.query.from_)
    before = None if from_id is None else reader.get_generation(call.source, from_id)
    query = call.query
    listing = call.listing(
        generation=generation.generation_id,
        before=before and before.generation_id,
        change=query.change,
        prefix=query.prefix,
    )
    asked = Asked(query.change, query.limit, call.position(listing), query.include is not None, query.prefix or "")
    page = reader.list_changed_items(generation, before, asked)
    return ok({**listing.render("changes", page, render_changed_item), "erasedCount": page.erased})


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
