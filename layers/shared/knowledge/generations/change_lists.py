"""Listing what a generation serves differently from another: from the plan that made it, or by comparing the two.

Each way finds changes with what is served of them since and the position behind them, so that a page can end at any of
them: at `limit`, or where contents fill an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from knowledge.generations.changes import change_position, line_position, shown_change
from knowledge.generations.item_views import ItemViews, check_kept
from knowledge.generations.model import ChangedItem, Generation, GenerationItem
from knowledge.generations.stores import GenerationStores
from knowledge.index.comparison import Comparison, Difference
from knowledge.index.entries import Entry
from knowledge.index.store import PublishedIndex
from knowledge.index.walking import Position
from knowledge.items.answer_size import how_many_fit, how_many_may_fit
from knowledge.model import Change, ChangeKind
from knowledge.pages import Page
from knowledge.runs.change_reader import change_of
from knowledge.runs.model import PlanPart

# A page where each second item differs needs no more leaves at once; and it ends behind as many as can be read in a few
# seconds.
_REGIONS_AT_A_TIME = 48
_BATCHES_A_PAGE = 10
# What comes with a content: not what is only in grace, or gone.
_BRINGS_CONTENT = (ChangeKind.ADDED, ChangeKind.UPDATED, ChangeKind.RESTORED)
Parts = Sequence[PlanPart]


class Asked(NamedTuple):
    """Which page is asked for: changes of a kind or all, how many at most, from where on, and with contents or not."""

    kind: ChangeKind | None
    limit: int
    position: Any
    include_content: bool = False


class _Found(NamedTuple):
    """A change, the entry whose content comes with it, and the position behind it."""

    change: Change
    entry: Entry | None
    behind: list[Any]


class _Listed(NamedTuple):
    """What a page could hold, and where the list goes on behind it; None at its end."""

    found: list[_Found]
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
            return _without_items(generation, self._from_plan(parts, None, asked))
        served = self.views.open_index(generation)
        listed = self._compare(before, served, asked) if parts is None else self._from_plan(parts, served, asked)
        return (
            self._with_items(generation, served, listed)
            if asked.include_content
            else _without_items(generation, listed)
        )

    def _parts_between(self, before: Generation | None, generation: Generation) -> Parts | None:
        """The parts of the plan that made a generation of the one before; None when it was not made so."""
        if generation.run_id is None or (before and before.generation_id) != generation.base_generation_id:
            return None
        plan = self.stores.runs.get_run(generation.source_id, generation.run_id).plan
        return None if plan is None else self.stores.plan_parts.parts_of(plan)

    def _from_plan(self, parts: Parts, served: PublishedIndex | None, asked: Asked) -> _Listed:
        page = self.stores.changes.read_page(parts, line_position(asked.position), kind=asked.kind, limit=asked.limit)
        found = [
            _Found(change_of(line), None, [part, at + 1])
            for line, (part, at) in zip(page.lines, page.places, strict=True)
        ]
        if served is not None:
            entries = served.trie.find([each.change.external_item_id for each in found if _brings_content(each.change)])
            # What is not served was erased since its line was read: nothing is told of it.
            found = [
                each._replace(entry=entries[each.change.external_item_id]) if _brings_content(each.change) else each
                for each in found
                if not _brings_content(each.change) or each.change.external_item_id in entries
            ]
        return _Listed(found, page.next and list(page.next))

    def _compare(self, before: Generation | None, served: PublishedIndex, asked: Asked) -> _Listed:
        served_before = None if before is None else self.views.open_index(before)
        chosen: list[Difference] = []
        read = 0
        here: Position | None = None
        comparison = Comparison(served_before, served, _REGIONS_AT_A_TIME)
        for step in comparison.differences(change_position(asked.position)):
            if isinstance(step, Position):
                read, here = read + 1, step
                if read == _BATCHES_A_PAGE:
                    break
            elif asked.kind in (None, step.kind):
                if len(chosen) == asked.limit:
                    break
                chosen.append(step)
                here = Position(step.path, step.external_item_id)
        else:
            here = None
        return _Listed(
            [
                _Found(
                    shown_change(served_before, served, each),
                    each.after if each.kind in _BRINGS_CONTENT else None,
                    [each.path, each.external_item_id],
                )
                for each in chosen
            ],
            here and list(here),
        )

    def _with_items(self, generation: Generation, served: PublishedIndex, listed: _Listed) -> Page[ChangedItem]:
        """Show as many changes as fit into an answer with their contents."""
        sizes = [0 if each.entry is None else each.entry.content_bytes for each in listed.found]
        found = listed.found[: how_many_may_fit(sizes)]
        entries = [each.entry for each in found if each.entry is not None]
        views = iter(self.views.with_contents(generation, served, entries))
        items = [None if each.entry is None else next(views) for each in found]
        count = how_many_fit(
            [_bare(each.change) if item is None else item for each, item in zip(found, items, strict=True)]
        )
        behind = listed.behind if count == len(listed.found) else found[count - 1].behind
        shown = [ChangedItem(each.change, item) for each, item in zip(found[:count], items, strict=False)]
        return Page(shown, behind, generation.erased)


def _without_items(generation: Generation, listed: _Listed) -> Page[ChangedItem]:
    return Page([ChangedItem(each.change, None) for each in listed.found], listed.behind, generation.erased)


def _brings_content(change: Change) -> bool:
    return change.kind in _BRINGS_CONTENT


def _bare(change: Change) -> GenerationItem:
    """What a change without content takes in an answer."""
    return GenerationItem(change.external_item_id, change.title, change.content_hash, 0, change.removed_at)
