"""/v1/sources/{sourceId}/generations: what is and was served."""

from __future__ import annotations

from httpapi.answers import Answer, ok
from httpapi.call import Call
from httpapi.keys.model import Scope
from httpapi.operations import Routes
from httpapi.render.generations import render_generation
from httpapi.render.items import render_generation_item
from httpapi.schemas.fields import ListQuery, NoQuery
from httpapi.schemas.items import ContentListQuery

GENERATIONS = "/v1/sources/{sourceId}/generations"
GENERATION = GENERATIONS + "/{generationId}"

routes = Routes()


@routes.get(GENERATIONS, Scope.RUNS_READ, query=ListQuery, loads_source=True)
def list_generations(call: Call[None, ListQuery]) -> Answer:
    """List the generations of a source, newest first."""
    listing = call.listing()
    page = call.services.knowledge.generations.list(
        call.source, limit=call.query.limit, position=call.position(listing)
    )
    return ok(listing.render("generations", page, render_generation))


@routes.get(GENERATION, Scope.RUNS_READ, loads_source=True)
def get_generation(call: Call[None, NoQuery]) -> Answer:
    """Read one generation, or the one that is served now."""
    generation = call.services.knowledge.generations.get(call.source, call.generation_id)
    return ok({"generation": render_generation(generation)})


@routes.get(GENERATION + "/items", Scope.RUNS_READ, query=ContentListQuery, loads_source=True)
def list_generation_items(call: Call[None, ContentListQuery]) -> Answer:
    """List what a generation serves."""
    generation_id = call.services.knowledge.generations.get(call.source, call.generation_id).generation_id
    listing = call.listing(generation=generation_id)
    page = call.services.knowledge.generations.items(
        call.source,
        generation_id,
        limit=call.query.limit,
        position=call.position(listing),
        include_content=call.query.include is not None,
    )
    return ok(listing.render("items", page, render_generation_item))
