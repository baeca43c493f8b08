"""Changes with what their items were and are: the contents of two states, as much of them as fits into an answer.

    changes -> their entries in both states -> the contents that differ, in spans -> editions -> a page, cut by its size

What was erased since a change was written down has no entry any more, and nothing is told of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from knowledge.generations.item_views import ItemViews, Packed, State
from knowledge.generations.model import ChangedItem, Edition
from knowledge.index.entries import Entry
from knowledge.index.packs import read_packed
from knowledge.items.answer_size import (
    how_many_may_fit,
    how_many_texts_fit,
    may_outgrow_answer,
    texts_outgrow_answer,
)
from knowledge.items.fields import details_answer, details_in
from knowledge.items.fingerprints import FIELDS
from knowledge.model import Change, ChangeKind
from knowledge.runs.plan_comparison import Standing
from knowledge.times import optional_timestamp

# In these a content comes or goes; in the others the item is the same, but for the time of its removal.
_SHOWS_BEFORE = frozenset({ChangeKind.UPDATED, ChangeKind.TOMBSTONED})
_SHOWS_AFTER = frozenset({ChangeKind.ADDED, ChangeKind.UPDATED})
# What comes whole where that is asked for: not what is only in grace, or gone.
_BRINGS_ITEM = frozenset({*_SHOWS_AFTER, ChangeKind.RESTORED})


class Found(NamedTuple):
    """A change, the position behind it, its entries in both states as far as they are known, and its standing.

    What is gone since an earlier plan is in neither state as it was to be: it is shown without contents.
    """

    change: Change
    behind: list[Any]
    before: Entry | None = None
    after: Entry | None = None
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Editions:
    """Reads what differs between two states; `whole_items` brings items as they are served since in place of that."""

    views: ItemViews
    before: State | None
    after: State
    whole_items: bool = False

    def find(self, found: Sequence[Found]) -> list[Found]:
        """Look the entries of changes up; a change is left out that lacks one, because its item was erased since."""
        befores = _find(self.before, [each for each in found if each.change.kind is not ChangeKind.ADDED])
        afters = _find(self.after, [each for each in found if each.change.kind is not ChangeKind.TOMBSTONED])
        return [
            each
            for each in (_with_entries(each, befores, afters) for each in found)
            if each.standing is Standing.GONE or _is_whole(each)
        ]

    def show(self, found: Sequence[Found]) -> list[ChangedItem]:
        """Show as many changes as fit into an answer, the first in any case."""
        few = found[: how_many_may_fit([self._content_bytes(each) for each in found])]
        # Of what is gone no entry is known, so nothing is read.
        befores = self._read(self.before, [each.before for each in few if each.change.kind in self._reads_before])
        afters = self._read(self.after, [each.after for each in few if each.change.kind in self._reads_after])
        show = self._with_item if self.whole_items else self._shown
        shown = [
            show(each, befores.get(each.change.external_item_id), afters.get(each.change.external_item_id))
            for each in few
        ]
        return shown[: how_many_texts_fit(map(_texts, shown))]

    @property
    def _reads_before(self) -> Collection[ChangeKind]:
        return () if self.whole_items else _SHOWS_BEFORE

    @property
    def _reads_after(self) -> Collection[ChangeKind]:
        return _BRINGS_ITEM if self.whole_items else _SHOWS_AFTER

    def _content_bytes(self, each: Found) -> int:
        kind, size = each.change.kind, 0
        if each.before is not None and kind in self._reads_before:
            size += each.before.content_bytes
        if each.after is not None and kind in self._reads_after:
            size += each.after.content_bytes
        return size

    def _read(self, state: State | None, entries: Iterable[Entry | None]) -> dict[str, Packed]:
        wanted = [entry for entry in entries if entry is not None]
        packed = [] if state is None else read_packed(state.served, wanted)
        return {entry.external_item_id: each for entry, each in zip(wanted, packed, strict=True)}

    def _with_item(self, each: Found, _before: Packed | None, after: Packed | None) -> ChangedItem:
        shown = ChangedItem(each.change, standing=each.standing)
        if each.after is None or after is None:
            return shown
        return shown._replace(item=self.views.show_whole(self.after, each.after, after))

    def _shown(self, each: Found, before: Packed | None, after: Packed | None) -> ChangedItem:
        change, old, new = each.change, each.before, each.after
        names = [name for name in FIELDS if (before and before[1].get(name)) != (after and after[1].get(name))]
        removed = [None if entry is None else entry.removed_at for entry in (old, new)]
        moved = removed[0] != removed[1]
        shown = ChangedItem(change, standing=each.standing)
        if old is not None:
            document = before[1] if before is not None and change.kind in _SHOWS_BEFORE else None
            shown = shown._replace(before=_edition(old, document, names, moved=moved))
        if new is not None:
            document = after[1] if after is not None and change.kind in _SHOWS_AFTER else None
            shown = shown._replace(after=_edition(new, document, names, moved=moved))
        if may_outgrow_answer(self._content_bytes(each)):
            return self._bounded(shown, (self.before, old, before), (self.after, new, after))
        return shown

    def _bounded(self, shown: ChangedItem, before: _Side, after: _Side) -> ChangedItem:
        """Link contents in place of showing them, one after another, until a change fits into an answer."""
        if texts_outgrow_answer(_texts(shown)) and shown.before is not None:
            shown = shown._replace(before=self._linked(shown.before, *before))
        if texts_outgrow_answer(_texts(shown)) and shown.after is not None:
            shown = shown._replace(after=self._linked(shown.after, *after))
        return shown

    def _linked(self, edition: Edition, state: State | None, entry: Entry | None, packed: Packed | None) -> Edition:
        if "content" not in edition.fields or state is None or entry is None or packed is None:
            return edition
        fields = {name: value for name, value in edition.fields.items() if name != "content"}
        return edition._replace(fields=fields, content_url=self.views.link(state, entry, packed[0]))


_Side = tuple[State | None, Entry | None, Packed | None]


def _find(state: State | None, found: Sequence[Found]) -> dict[str, Entry]:
    wanted = [each.change.external_item_id for each in found if each.standing is not Standing.GONE]
    return state.served.trie.find(wanted) if state is not None and wanted else {}


def _with_entries(each: Found, befores: dict[str, Entry], afters: dict[str, Entry]) -> Found:
    name = each.change.external_item_id
    return each._replace(before=befores.get(name), after=afters.get(name))


def _is_whole(each: Found) -> bool:
    kind = each.change.kind
    return (each.before is not None) is (kind is not ChangeKind.ADDED) and (each.after is not None) is (
        kind is not ChangeKind.TOMBSTONED
    )


def _edition(entry: Entry, document: dict[str, Any] | None, names: Sequence[str], *, moved: bool) -> Edition:
    fields: dict[str, Any] = {}
    if document is not None:
        whole = {"title": document["title"], "content": document["content"], **details_answer(details_in(document))}
        fields = {name: whole[name] for name in names}
    if moved:
        fields["removedAt"] = optional_timestamp(entry.removed_at)
    return Edition(fields, entry.content_bytes if "content" in fields else None)


def _texts(shown: ChangedItem) -> list[Any]:
    """What a change shows that its sender wrote."""
    item = shown.item
    whole = None if item is None else [item.content, item.details and details_answer(item.details)]
    sides = [edition and dict(edition.fields) for edition in (shown.before, shown.after)]
    return [shown.change.external_item_id, shown.change.title, whole, *sides]
