"""Listing what a generation serves differently from another: from the plan that made it, or by comparing the two.

Each way finds changes with what is served of them since and the position behind them, so that a page can end at any of
them: at `limit`, or where contents fill an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from knowledge.generations.changes import change_position, line_position, shown_change
from knowledge.generations.editions import Editions, Found
from knowledge.generations.item_views import ItemViews, check_kept
from knowledge.generations.model import ChangedItem, Generation
from knowledge.generations.stores import GenerationStores
from knowledge.index.comparison import Comparison, Difference
from knowledge.index.store import PublishedIndex
from knowledge.index.walking import Position
from knowledge.model import ChangeKind
from knowledge.pages import Page
from knowledge.runs.change_reader import change_of
from knowledge.runs.model import PlanPart

# A page where each second item differs needs no more leaves at once; and it ends behind as many as can be read in a few
# seconds.
_REGIONS_AT_A_TIME = 48
_BATCHES_A_PAGE = 10
Parts = Sequence[PlanPart]


class Asked(NamedTuple):
    """Which page is asked for: changes of a kind or all, how many at most, from where on, and with contents or not.

    `prefix` is what the ids of their items begin with. `whole_items` has contents come as items, as they are since, and
    not as both sides of what differs.
    """

    kind: ChangeKind | None
    limit: int
    position: Any
    include_content: bool = False
    prefix: str = ""
    whole_items: bool = False


class Listed(NamedTuple):
    """What a page could hold, and where the list goes on behind it; None at its end."""

    found: list[Found]
    behind: list[Any] | None


@dataclass(frozen=True, slots=True)
class ChangeLists:
    """Lists changes between generations."""

    stores: GenerationStores
    views: ItemViews

    def list_changes(self, generation: Generation, before: Generation | None, asked: Asked) -> Page[ChangedItem]:
        """List a page of changes, as `GenerationReader.list_changed_items` says."""
        check_kept(generation)
        if before is not None:
            check_kept(before)
        parts = self._parts_between(before, generation)
        if parts is not None and not asked.include_content:
            return page_of(self._from_plan(parts, asked), None, generation.erased)
        served = self.views.open_state(generation)
        served_before = None if before is None else self.views.open_state(before)
        listed = (
            self._compare(served_before and served_before.served, served.served, asked)
            if parts is None
            else self._from_plan(parts, asked)
        )
        editions = Editions(self.views, served_before, served, whole_items=asked.whole_items)
        return page_of(listed, editions if asked.include_content else None, generation.erased)

    def _parts_between(self, before: Generation | None, generation: Generation) -> Parts | None:
        """The parts of the plan that made a generation of the one before; None when it was not made so."""
        if generation.run_id is None or (before and before.generation_id) != generation.base_generation_id:
            return None
        plan = self.stores.runs.get_run(generation.source_id, generation.run_id).plan
        return None if plan is None else self.stores.plan_parts.parts_of(plan)

    def _from_plan(self, parts: Parts, asked: Asked) -> Listed:
        page = self.stores.changes.read_page(
            parts, line_position(asked.position), kind=asked.kind, limit=asked.limit, prefix=asked.prefix
        )
        found = [
            Found(change_of(line), [part, at + 1]) for line, (part, at) in zip(page.lines, page.places, strict=True)
        ]
        return Listed(found, page.next and list(page.next))

    def _compare(self, served_before: PublishedIndex | None, served: PublishedIndex, asked: Asked) -> Listed:
        chosen: list[Difference] = []
        read = 0
        here: Position | None = None
        comparison = Comparison(served_before, served, _REGIONS_AT_A_TIME)
        for step in comparison.differences(change_position(asked.position)):
            if isinstance(step, Position):
                read, here = read + 1, step
                if read == _BATCHES_A_PAGE:
                    break
            elif asked.kind in (None, step.kind) and step.external_item_id.startswith(asked.prefix):
                if len(chosen) == asked.limit:
                    break
                chosen.append(step)
                here = Position(step.path, step.external_item_id)
        else:
            here = None
        found = [
            Found(
                shown_change(served_before, served, each), [each.path, each.external_item_id], each.before, each.after
            )
            for each in chosen
        ]
        return Listed(found, here and list(here))


def page_of(listed: Listed, editions: Editions | None, erased: int) -> Page[ChangedItem]:
    """Make a page of what was found: with contents as many changes as fit into an answer."""
    if editions is None:
        items = [ChangedItem(each.change, standing=each.standing) for each in listed.found]
        return Page(items, listed.behind, erased)
    found = editions.find(listed.found)
    items = editions.show(found)
    return Page(items, listed.behind if len(items) == len(found) else found[len(items) - 1].behind, erased)
