"""/v1/sources/{sourceId}/runs: what differs from the published state, and publishing it."""

from __future__ import annotations

from httpapi.answers import Answer, accepted, created, ok
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import SHOWS_ITEMS, Routes
from httpapi.render.items import render_changed_item
from httpapi.render.runs import render_outcome, render_run
from httpapi.schemas.fields import NoQuery, body_of
from httpapi.schemas.runs import (
    ApplyRunRequest,
    CreateRunRequest,
    DiscardRunRequest,
    RunChangeListQuery,
    RunListQuery,
)
from knowledge.generations.change_lists import Asked
from knowledge.runs.model import RunState

RUNS = "/v1/sources/{sourceId}/runs"
RUN = RUNS + "/{runId}"

routes = Routes()


@routes.post(RUNS, Scope.RUNS_WRITE, body=body_of(CreateRunRequest), body_required=False, loads_source=True)
def create_run(call: Call[CreateRunRequest, NoQuery]) -> Answer:
    """Find what differs; 202 when that takes longer than a request may."""
    made = call.make_ids("run")
    run = call.services.knowledge.runs.create_run(
        call.source,
        call.body.mode,
        run_id=made.id,
        earlier_id=made.earlier,
        by=call.actor,
        message=call.body.message,
    )
    answer = accepted if run.state is RunState.PLANNING else created
    return answer({"run": render_run(run)}, call.place(RUN, runId=run.run_id))


@routes.get(RUNS, Scope.RUNS_READ, query=RunListQuery, loads_source=True)
def list_runs(call: Call[None, RunListQuery]) -> Answer:
    """List the runs of a source, newest first."""
    query = call.query
    listing = call.listing(state=query.state)
    page = call.services.knowledge.runs.list_runs(
        call.source, limit=query.limit, position=call.position(listing), state=query.state
    )
    return ok(listing.render("runs", page, render_run))


@routes.get(RUN, Scope.RUNS_READ, loads_source=True)
def get_run(call: Call[None, NoQuery]) -> Answer:
    """Read one run."""
    return ok({"run": render_run(call.services.knowledge.runs.get_run(call.source, call.run_id))})


@routes.get(RUN + "/changes", Scope.RUNS_READ, further_scopes=SHOWS_ITEMS, query=RunChangeListQuery, loads_source=True)
def list_changes(call: Call[None, RunChangeListQuery]) -> Answer:
    """List the changes of a run with the fields that differ, or what differs from an earlier plan of it."""
    query = call.query
    listing = call.listing(change=query.change, prefix=query.prefix, since=query.since)
    position, with_content = call.position(listing), query.include is not None
    asked = Asked(query.change, query.page_entries, position, with_content, query.prefix or "")
    page, version = call.services.knowledge.reviewer.list_changes(call.source, call.run_id, asked, since=query.since)
    changes = listing.render("changes", page, render_changed_item)
    return ok({**changes, "erasedCount": page.erased, "planVersion": version})


@routes.post(RUN + "/apply", Scope.RUNS_APPLY, body=body_of(ApplyRunRequest), body_required=False, loads_source=True)
def apply_run(call: Call[ApplyRunRequest, NoQuery]) -> Answer:
    """Build and publish a generation from a run."""
    outcome = call.services.knowledge.runs.apply_run(
        call.source,
        call.run_id,
        approve_removals=call.body.approve_removals,
        plan_version=call.body.plan_version,
        by=call.actor,
        message=call.body.message,
    )
    return ok(render_outcome(outcome))


@routes.post(
    RUN + "/discard", Scope.RUNS_APPLY, body=body_of(DiscardRunRequest), body_required=False, loads_source=True
)
def discard_run(call: Call[DiscardRunRequest, NoQuery]) -> Answer:
    """Decide that a run is not to be published."""
    run = call.services.knowledge.runs.discard_run(call.source, call.run_id, by=call.actor, message=call.body.message)
    return ok({"run": render_run(run)})
