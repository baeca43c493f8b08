"""Reviewing a run: its changes, from its own plan, and never from the staging set.

What a page shows as `after` is read from the index that the plan names, which an apply of that plan publishes as it is;
`before` from the generation that the plan was made on. What would break it, and what stands against it:

- Something is pushed after the planning: the plan's packs and index are never written again.
- The run is planned again while someone pages: a position names the version of the plan, and is refused then.
- Something else is published meanwhile: the base is kept for longer than a run can be applied, and an apply is refused.
- The run expires, or its objects are collected: contents are refused by the clock, before they may be gone.
- Content is taken back: of a plan that was made before, no contents are shown, and no earlier plan is compared with; of
  what is published, the generations as they are now tell, from which the items are gone.
- A compaction moves contents: it writes new packs, and those that a kept generation names stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from knowledge.errors import InvalidPositionError, NotApplyEligibleError, PlanNotKeptError, StalePlanError
from knowledge.generations.change_lists import Asked, Listed, page_of
from knowledge.generations.editions import Editions, Found
from knowledge.generations.item_views import ItemViews, State
from knowledge.generations.model import ChangedItem
from knowledge.generations.stores import GenerationStores
from knowledge.pages import Page
from knowledge.ports import Clock
from knowledge.runs.change_file import ChangeLine
from knowledge.runs.change_reader import change_of
from knowledge.runs.model import Plan, Run, RunState
from knowledge.runs.plan_comparison import Place, compare_plans
from knowledge.sources.model import Source
from knowledge.storage.format import FORMAT, ObjectGoneError, UnknownFormatError

_START = (0, 0)


class ReviewPage(NamedTuple):
    """A page of changes, and the version of the plan that they are of; 0 while there is none."""

    page: Page[ChangedItem]
    plan_version: int


@dataclass(frozen=True, slots=True)
class RunReviewer:
    """Lists what runs change."""

    stores: GenerationStores
    clock: Clock

    def list_changes(self, source: Source, run_id: str, asked: Asked, *, since: int | None = None) -> ReviewPage:
        """List what a run changes, in the order of the index; with `since`, what differs from that version of its plan.

        A position is `[plan version, part, line]` of the next change, with `since` followed by those in the earlier
        plan. Another version is refused, since the list is no longer the one that was begun.
        Raises InvalidPositionError for that and when the changes are not kept, PlanNotKeptError when the earlier plan
        is not, with contents NotApplyEligibleError when the run has expired, StalePlanError when some were taken back.
        """
        run = self.stores.runs.get_run(source.source_id, run_id)
        if run.plan is None:
            return ReviewPage(Page(), 0)
        try:
            return ReviewPage(self._list(source, run, run.plan, asked, since), run.plan_version)
        except (ObjectGoneError, UnknownFormatError) as error:
            message = "The changes of this run are not kept any more. Start a new run."
            raise InvalidPositionError(message) from error

    def _list(self, source: Source, run: Run, plan: Plan, asked: Asked, since: int | None) -> Page[ChangedItem]:
        new, old = _places(asked.position, run.plan_version)
        editions = self._editions(source, run, plan) if asked.include_content else None
        if since is None:
            listed = self._changes(plan, new, asked)
        elif since == run.plan_version:
            listed = Listed([], None)
        else:
            listed = self._differences(plan, _earlier(source, run, since), (new, old), asked)
        return page_of(listed, editions, plan.erased)

    def _changes(self, plan: Plan, start: Place, asked: Asked) -> Listed:
        page = self.stores.changes.read_page(
            self.stores.plan_parts.parts_of(plan), start, kind=asked.kind, limit=asked.limit, prefix=asked.prefix
        )
        found = [
            Found(change_of(line), [plan.version, part, at + 1])
            for line, (part, at) in zip(page.lines, page.places, strict=True)
        ]
        return Listed(found, page.next and [plan.version, *page.next])

    def _differences(self, plan: Plan, earlier: Plan, start: tuple[Place, Place], asked: Asked) -> Listed:
        def wanted(line: ChangeLine) -> bool:
            return asked.kind in (None, line.kind) and line.external_item_id.startswith(asked.prefix)

        new, old = (
            self.stores.changes.walk(self.stores.plan_parts.parts_of(each), place)
            for each, place in zip((plan, earlier), start, strict=True)
        )
        page = compare_plans(new, old, wanted, asked.limit)
        found = [
            Found(change_of(each.line), _position(plan.version, each.behind), standing=each.standing)
            for each in page.lines
        ]
        return Listed(found, page.next and _position(plan.version, page.next))

    def _editions(self, source: Source, run: Run, plan: Plan) -> Editions:
        """What a run changes, and what it would make of it, or has made."""
        views = ItemViews(self.stores, self.clock)
        base_id = plan.base_generation_id
        get = self.stores.generations.get_generation
        if run.generation_id is not None:
            after = views.open_state(get(source.source_id, run.generation_id))
        elif plan.expires_at <= self.clock() or run.state is not RunState.READY:
            message = "The run has expired. Start a new run."
            raise NotApplyEligibleError(message)
        elif plan.format != FORMAT or plan.erasures < source.erasure_epoch:
            message = "The plan of this run is out of date. Apply the run to have it planned again, or start a new one."
            raise StalePlanError(message)
        else:
            after = State(self.stores.index.open_index(plan.index.manifest), plan.erasures)
        before = None if base_id is None else views.open_state(get(source.source_id, base_id))
        return Editions(views, before, after)


def _earlier(source: Source, run: Run, version: int) -> Plan:
    """Find an earlier plan of a run. Raises PlanNotKeptError."""
    if version > run.plan_version:
        message = f"The run has plan version {run.plan_version} now, and no version {version} yet."
        raise PlanNotKeptError(message)
    plan = next((plan for plan in run.earlier_plans if plan.version == version), None)
    # Its files may name what was taken back since, and go with it.
    if plan is None or plan.format != FORMAT or plan.erasures < source.erasure_epoch:
        message = f"Plan version {version} of this run is not kept any more. List the changes without `since`."
        raise PlanNotKeptError(message)
    return plan


def _position(version: int, places: tuple[Place, Place]) -> list[Any]:
    return [version, *places[0], *places[1]]


def _places(position: Any, plan_version: int) -> tuple[Place, Place]:
    match position:
        case None:
            return _START, _START
        case [int() as version, int() as part, int() as line, *rest] if version == plan_version:
            return (part, line), (rest[0], rest[1]) if rest else _START
    message = "The run was planned again since this list was begun. List its changes from the start."
    raise InvalidPositionError(message)
