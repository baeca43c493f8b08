"""The review of a run with one guard taken away at a time, and the trap that must catch it."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.generations import building, reviewing
from knowledge.generations.editions import Editions
from knowledge.items.content import decode_member
from knowledge.runs import service

from tests.faults import traps_reviews
from tests.faults.mutating import Mutation


def _read_staging(patched: pytest.MonkeyPatch) -> None:
    """What is to be published, as it is staged now."""
    read = Editions._read

    def reading(self: Any, state: Any, entries: Any) -> Any:
        found = read(self, state, entries)
        if state is not self.after:
            return found
        views = self.views
        rows = views.stores.items.read_for_run(state.served.source_id, list(found), views.clock())
        return {name: (rows[name].member, decode_member(rows[name].member)) for name in found}

    patched.setattr(Editions, "_read", reading)


def _read_what_is_served(patched: pytest.MonkeyPatch) -> None:
    """What was before, from the generation that is served now."""
    editions = reviewing.RunReviewer._editions

    def of_today(self: Any, source: Any, run: Any, plan: Any) -> Any:
        found = editions(self, source, run, plan)
        now = self.stores.sources.get_source(source.tenant_id, source.source_id)
        latest = self.stores.generations.get_generation(source.source_id, now.generation_id)
        return Editions(found.views, found.views.open_state(latest), found.after)

    patched.setattr(reviewing.RunReviewer, "_editions", of_today)


def _go_on_in_any_plan(patched: pytest.MonkeyPatch) -> None:
    places = reviewing._places
    patched.setattr(reviewing, "_places", lambda position, _: places(position, position[0] if position else 0))


def _publish_any_plan(patched: pytest.MonkeyPatch) -> None:
    for module in (building, service):
        patched.setattr(module, "check_reviewed", lambda *_: None)


REVIEWS = [
    Mutation("the plan's own contents", traps_reviews.what_was_reviewed_is_what_is_published, patch=_read_staging),
    Mutation(
        "the base of the plan",
        traps_reviews.what_is_pushed_while_a_page_is_read_is_not_on_it,
        patch=_read_what_is_served,
    ),
    Mutation(
        "the plan of a position",
        traps_reviews.list_that_was_begun_does_not_go_on_in_another_plan,
        patch=_go_on_in_any_plan,
    ),
    Mutation(
        "the plan that was reviewed, of a published run",
        traps_reviews.later_plan_that_was_published_is_no_success_of_the_one_that_was_reviewed,
        patch=_publish_any_plan,
    ),
]
