"""How changes between generations are shown, and where a page of a list begins."""

from __future__ import annotations

from typing import Any

from knowledge.errors import InvalidPositionError
from knowledge.index.comparison import Difference
from knowledge.index.packs import read_documents
from knowledge.index.store import PublishedIndex
from knowledge.index.walking import Position
from knowledge.items.fingerprints import differing_documents, differing_fields, field_names
from knowledge.model import Change, ChangeKind


def shown_change(before: PublishedIndex | None, after: PublishedIndex, difference: Difference) -> Change:
    """A difference between two states as it is shown; the fields that differ are read if fingerprints do not tell."""
    old, new = difference.before, difference.after
    shown = new or old
    if shown is None:
        raise AssertionError
    fields = 0
    if old is not None and new is not None and before is not None and difference.kind is ChangeKind.UPDATED:
        fields = differing_fields(old.fields, new.fields)
        if not fields:
            fields = differing_documents(*read_documents(before, [old]), *read_documents(after, [new]))
    return Change(
        external_item_id=difference.external_item_id,
        kind=difference.kind,
        title=shown.title,
        content_hash=shown.content_hash,
        previous_content_hash=None if old is None else old.content_hash,
        removed_at=None if new is None else new.removed_at,
        fields=field_names(fields),
    )


def item_position(position: Any) -> Position | None:
    """The place behind an item of a list. Raises InvalidPositionError."""
    match position:
        case None:
            return None
        case [str() as path, str() as name]:
            return Position(path, name)
    raise InvalidPositionError


def change_position(position: Any) -> Position | None:
    """The place behind a change of a comparison. Raises InvalidPositionError."""
    match position:
        case None:
            return None
        case [str() as path, None | str() as name]:
            return Position(path, name)
    raise InvalidPositionError


def line_position(position: Any) -> tuple[int, int]:
    """The part and the line of a change of a run. Raises InvalidPositionError."""
    match position:
        case None:
            return 0, 0
        case [int() as part, int() as line] if part >= 0 <= line:
            return part, line
    raise InvalidPositionError
