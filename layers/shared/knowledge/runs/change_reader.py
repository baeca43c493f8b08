"""Reading the files of a plan: what a clean-up needs of them, or a page of changes by one or two ranges."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.items.fingerprints import field_names
from knowledge.model import Change, ChangeKind
from knowledge.runs.change_file import (
    DROP,
    ERASED,
    ChangeDirectory,
    ChangeLine,
    ChangeMember,
    CoveredMember,
    decode_changes,
    decode_covered,
    decode_directory,
)
from knowledge.runs.model import PlanPart
from knowledge.runs.plan_comparison import PlacedLine
from knowledge.storage.clients import Fanout
from knowledge.storage.objects import ObjectStore
from knowledge.storage.spans import Piece, Tail, read_pieces

# A part of some hundred changes is no larger, so that one call reads it.
_TAIL_BYTES = 32 * 1024
# Each is opened by a call of its own.
_PARTS_A_PAGE = 16
# A page of a prefix ends with the part in which it has passed so many lines: which of them match, only they tell.
_LINES_A_PAGE = 25_000
# A range of some hundred kilobytes.
_LINES_AT_A_TIME = 5_000
# What no page shows.
_HIDDEN = (DROP, ERASED)


class ReadPart(NamedTuple):
    """What was asked for of a part: changes, and the journal entries that the plan covers, which the last part has."""

    changes: list[ChangeLine]
    covered: list[str]


class _OpenPart(NamedTuple):
    """A part: its end, and what that says about all of it."""

    tail: Tail
    directory: ChangeDirectory


class ChangePage(NamedTuple):
    """Some changes, the (part, line) of each, and that of the next one; None after the last."""

    lines: list[ChangeLine]
    places: list[tuple[int, int]]
    next: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class ChangeReader:
    """Reads parts of plans. Raises ObjectGoneError when one is missing or not as it was written."""

    objects: ObjectStore
    fanout: Fanout

    def read_part(self, part: PlanPart, kinds: Collection[str]) -> ReadPart:
        """Read the changes of some kinds, and what is covered; nothing else of the part is read."""
        tail, directory = self._open(part)
        members = [member for member in directory.changes if any(member.kinds.get(kind) for kind in kinds)]
        changes = [
            change
            for member, data in zip(members, self._read(tail, members), strict=True)
            for change in decode_changes(data, member.digest)
            if change.kind in kinds
        ]
        datas = self._read(tail, directory.covered)
        lists = [decode_covered(data, member.digest) for member, data in zip(directory.covered, datas, strict=True)]
        return ReadPart(changes, [entry for each in lists for entry in each])

    def read_page(
        self,
        parts: Sequence[PlanPart],
        start: tuple[int, int],
        *,
        kind: ChangeKind | None,
        limit: int,
        prefix: str = "",
    ) -> ChangePage:
        """Read up to `limit` changes, of a kind, whose ids begin with `prefix`, from the part and line of `start` on.

        It looks into a bounded number of parts and, for a prefix, at a bounded number of lines: a page of what is rare
        may be short, or empty.
        """
        chosen: list[ChangeLine] = []
        places: list[tuple[int, int]] = []
        first, line = start
        passed = 0
        for number in range(first, len(parts)):
            if number - first == _PARTS_A_PAGE or (prefix and passed >= _LINES_A_PAGE):
                return ChangePage(chosen, places, (number, 0))
            begin = line if number == first else 0
            wanted = _LINES_AT_A_TIME if prefix else limit - len(chosen)
            for at, change in self._changes(parts[number], begin, kind, wanted):
                if not change.external_item_id.startswith(prefix):
                    continue
                if len(chosen) == limit:
                    return ChangePage(chosen, places, (number, at))
                chosen.append(change)
                places.append((number, at))
            passed += parts[number].changes - begin
        return ChangePage(chosen, places, None)

    def walk(self, parts: Sequence[PlanPart], start: tuple[int, int]) -> Iterator[PlacedLine]:
        """Walk over the changes from the part and line of `start` on, and to an end in any case.

        The last that comes has no line: it is the end of the plan, or of a bounded number of parts.
        """
        first, line = start
        end = min(first + _PARTS_A_PAGE, len(parts))
        for number in range(first, end):
            for at, change in self._changes(parts[number], line if number == first else 0, None, _LINES_AT_A_TIME):
                yield PlacedLine((number, at), change)
        yield PlacedLine((max(first, end), 0), None, goes_on=end < len(parts))

    def _changes(
        self, part: PlanPart, start: int, kind: ChangeKind | None, wanted: int
    ) -> Iterator[tuple[int, ChangeLine]]:
        """Walk over the changes of a part from a line on; what holds `wanted` and one more is read at once."""
        tail, directory = self._open(part)
        todo = deque(_members_from(directory, start, kind))
        while todo:
            batch: list[tuple[int, ChangeMember]] = []
            found = 0
            while todo and found <= wanted:
                first, member = todo.popleft()
                batch.append((first, member))
                # Of the member that the page begins in, some may be behind it.
                found += _lines_of(member, kind) if first >= start else 0
            for (first, member), data in zip(batch, self._read(tail, [each for _, each in batch]), strict=True):
                for at, change in enumerate(decode_changes(data, member.digest), first):
                    if at >= start and change.kind not in _HIDDEN and kind in (None, change.kind):
                        yield at, change

    def _open(self, part: PlanPart) -> _OpenPart:
        key, digest = part.object.key, part.object.digest
        data, size = self.objects.read_tail(key, max(part.directory_bytes, _TAIL_BYTES))
        return _OpenPart(Tail(key, size - len(data), data), decode_directory(data[-part.directory_bytes :], digest))

    def _read(self, tail: Tail, members: Sequence[ChangeMember | CoveredMember]) -> list[bytes]:
        pieces = [Piece(tail.key, member.offset, member.length) for member in members]
        return read_pieces(self.objects, self.fanout, pieces, tail)


def change_of(line: ChangeLine) -> Change:
    """A line as it is shown; what is not served any more is shown by the content that it had."""
    return Change(
        external_item_id=line.external_item_id,
        kind=ChangeKind(line.kind),
        title=line.title,
        content_hash=line.content_hash or line.previous_content_hash or "",
        previous_content_hash=line.previous_content_hash,
        removed_at=line.removed_at,
        fields=field_names(line.fields),
    )


def _members_from(
    directory: ChangeDirectory, start: int, kind: ChangeKind | None
) -> Iterator[tuple[int, ChangeMember]]:
    """The members that hold changes (of a kind) from a line on, each with the number of its first line."""
    first = 0
    for member in directory.changes:
        if first + member.lines > start and _lines_of(member, kind):
            yield first, member
        first += member.lines


def _lines_of(member: ChangeMember, kind: ChangeKind | None) -> int:
    if kind is not None:
        return member.kinds.get(kind, 0)
    return member.lines - sum(member.kinds.get(hidden, 0) for hidden in _HIDDEN)
