"""Where in a JSON text the first thing stands that a decoder refuses. Pure; looked for only once one has refused.

No decoder of the standard library tells its hooks where they are. So the text is walked down: of each container the
values are decoded one by one, and the first that is refused is gone into.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from json import JSONDecoder
from typing import Any

# Room for the entries of a batch and what is in one of them. What lies deeper is told by the container at that depth,
# since each step down may decode most of the text again.
_VALUES = 50_000
_STEPS = 8
_SPACE = re.compile(r"[ \t\n\r]*")
# Takes any number, since one of them may be what is refused.
_ANY = JSONDecoder(parse_int=float)

Decode = Callable[[str, int], tuple[Any, int]]


@dataclass(frozen=True, slots=True)
class JsonPlace:
    """A place in a text: the steps that lead there, and `position` in characters from 0, None if there was too much.

    `external_item_id` is of the item in which the place is; None where none can be read.
    """

    steps: tuple[str | int, ...]
    position: int | None
    external_item_id: str | None

    @property
    def index(self) -> int | None:
        """The number of the entry in the list that the text holds, such as `items`; None if it isn't in one."""
        return next((step for step in self.steps[1:2] if isinstance(step, int)), None)


def place_in(text: str, decode: Decode) -> JsonPlace:
    """Find the first value that `decode(text, position)` refuses; of the others it answers the value and its end."""
    walk = _Walk(text, decode)
    try:
        position = walk.to_refused()
    except _TooManyError:
        position = None
    return JsonPlace(tuple(walk.steps), position, walk.external_item_id)


class _TooManyError(Exception):
    """Raised after so many values that looking on would cost more than the place is worth."""


class _Walk:
    def __init__(self, text: str, decode: Decode) -> None:
        self.steps: list[str | int] = []
        self.external_item_id: str | None = None
        self._text = text
        self._decode = decode
        self._left = _VALUES

    def to_refused(self) -> int:
        at = self._after_space(0)
        while len(self.steps) < _STEPS:
            at, step = self._into_object(at) if self._text[at : at + 1] == "{" else self._into_list(at)
            if step is None:
                break
            self.steps.append(step)
        return at

    def _into_object(self, begin: int) -> tuple[int, str | None]:
        """Where the member's value begins that is refused, and its name; None for the object itself or a name."""
        is_item = not self.steps or [type(step) for step in self.steps] == [str, int]
        if is_item:
            self.external_item_id = self._id_in(begin)
        names: set[str] = set()
        at = self._after_space(begin + 1)
        while self._text[at : at + 1] == '"':
            try:
                name, colon = _ANY.raw_decode(self._text, at)
            except ValueError:
                return at, None
            colon = self._after_space(colon)
            if name in names or self._text[colon : colon + 1] != ":":
                return at, None
            names.add(name)
            value = self._after_space(colon + 1)
            if (end := self._end_of(value)) is None:
                return value, name
            if is_item and name == "externalItemId" and self.external_item_id is None:
                # The item can't be read as a whole, but this much of it can.
                self.external_item_id = _text(_ANY.raw_decode(self._text, value)[0])
            at = self._after_comma(end)
        return begin, None

    def _into_list(self, begin: int) -> tuple[int, int | None]:
        if self._text[begin : begin + 1] != "[":
            return begin, None
        at = self._after_space(begin + 1)
        for index in count():
            if self._text[at : at + 1] in {"", "]"}:
                break
            if (end := self._end_of(at)) is None:
                return at, index
            at = self._after_comma(end)
        return begin, None

    def _end_of(self, at: int) -> int | None:
        """Where the value at `at` ends; None if it is refused."""
        self._left -= 1
        if self._left < 0:
            raise _TooManyError
        try:
            return self._decode(self._text, at)[1]
        except ValueError:
            return None

    def _id_in(self, at: int) -> str | None:
        try:
            entry, _ = _ANY.raw_decode(self._text, at)
        except (ValueError, RecursionError):
            return None
        return _text(entry.get("externalItemId"))

    def _after_comma(self, at: int) -> int:
        """Where the next value or name begins; the text's end where no comma is, since nothing more can be read."""
        at = self._after_space(at)
        return self._after_space(at + 1) if self._text[at : at + 1] == "," else len(self._text)

    def _after_space(self, at: int) -> int:
        return _SPACE.match(self._text, at).end()  # type: ignore[union-attr]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
