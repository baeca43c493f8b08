"""What would change if a folder were published: a comparison with what is served, by hashes. Pure.

Absence is never taken for a wish. An item is removed when its file was seen to be gone, or when somebody said that it
is not to be published; whatever leaves a doubt keeps it as it is served, and is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from knowledge_client.folder.absences import Absences
from knowledge_client.folder.model import Document, Folder, LeftOut, Problem, Served
from knowledge_client.folder.renames import HashAt, Rename, find_renames

DEFAULT_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Change:
    """An item that is served otherwise, or, with `restored`, that is being removed and comes back."""

    document: Document
    served: Served
    restored: bool = False


@dataclass(frozen=True, slots=True)
class Removal:
    """An item that goes, and why."""

    served: Served
    reason: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An item that stays as it is served, since nobody knows what its file holds; `path` is that of the problem."""

    served: Served
    reason: str
    path: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What publishing a folder would do, each list in the order of ids.

    `problems` are the folder's, and what only shows beside what is served. `approval` is the number of removals that
    somebody must approve, 0 when they are within the share.
    """

    add: tuple[Document, ...] = ()
    change: tuple[Change, ...] = ()
    remove: tuple[Removal, ...] = ()
    rename: tuple[Rename, ...] = ()
    keep: tuple[Kept, ...] = ()
    unchanged: int = 0
    problems: tuple[Problem, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notices: tuple[tuple[str, str], ...] = ()
    approval: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether publishing changes nothing."""
        return not (self.add or self.change or self.remove or self.rename)

    def is_approved(self, removals: int | None) -> bool:
        """Whether so many approved removals let the plan pass."""
        return self.approval <= (removals or 0)


def make_plan(
    folder: Folder, served: Iterable[Served], *, share: float = DEFAULT_SHARE, hash_at: HashAt | None = None
) -> Plan:
    """Compare a folder with what is served.

    `hash_at` tells what hash a document would have at another path; without it, only renames in spelling are found.
    Removals over `share` of what is served need approval.
    """
    items = {each.external_item_id: each for each in served}
    documents = {each.external_item_id: each for each in folder.documents}
    change: list[Change] = []
    unchanged = 0
    gone: list[Served] = []
    for name, item in sorted(items.items()):
        document = documents.get(name)
        if document is None:
            gone.append(item)
        elif item.removed_at is not None or document.content_hash != item.content_hash:
            change.append(Change(document, item, restored=item.removed_at is not None))
        else:
            unchanged += 1
    added = [each for name, each in sorted(documents.items()) if name not in items]
    absences = Absences(folder, items)
    keep, problems, absent = _judged(gone, absences)
    rename = find_renames(absent, added, hash_at, ignores_case=folder.file_system.ignores_case)
    renamed = {each.served.external_item_id for each in rename}
    found = {each.document.external_item_id for each in rename}
    remove = tuple(
        Removal(each, absences.wish(each.external_item_id) or "its file is gone")
        for each in absent
        if each.external_item_id not in renamed
    )
    lasting = sum(each.removed_at is None for each in items.values())
    return Plan(
        add=tuple(each for each in added if each.external_item_id not in found),
        change=tuple(change),
        remove=remove,
        rename=tuple(rename),
        keep=tuple(keep),
        unchanged=unchanged,
        problems=tuple(sorted({*folder.problems, *problems}, key=lambda each: (each.path, each.reason))),
        left_out=folder.left_out,
        notices=folder.notices
        + tuple((each.external_item_id, notice) for each in folder.documents for notice in each.notices),
        approval=len(remove) if len(remove) > math.floor(lasting * share + 1e-9) else 0,
    )


def _judged(gone: list[Served], absences: Absences) -> tuple[list[Kept], list[Problem], list[Served]]:
    """Tell items that stay from those whose files are gone. What is being removed already is neither."""
    keep, problems, absent = [], [], []
    for item in gone:
        if item.removed_at is not None:
            continue
        doubt = absences.doubt(item.external_item_id)
        if doubt is None:
            absent.append(item)
            continue
        keep.append(Kept(item, doubt.reason, doubt.path))
        problems.append(doubt)
    return keep, problems, absent
