"""Lists that stay with the generations they began in: a position names them, so `current` means the same on each page.

What would break it, and what stands against it:

- Something is published between two pages: the second is of the generation that its position names, which is kept for
  as long as retention says.
- That generation is retired meanwhile: a list that asked for what is current is told to begin again. One that named it
  is told that it is not kept, as its first page would be.
- The position is of another comparison: it is refused, whichever way that was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from knowledge.errors import GenerationRetiredError, InvalidPositionError, StaleListError
from knowledge.generations.model import Generation
from knowledge.generations.reader import CURRENT, GenerationReader
from knowledge.pages import Page
from knowledge.sources.model import Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HeldList:
    """The generation that a list is of, the one it is compared with, and where in it the page begins.

    `may_begin_again` says that the list was asked for by `current` and goes on: its first page would be of others now.
    """

    generation: Generation
    before: Generation | None
    position: Any
    may_begin_again: bool

    @property
    def before_id(self) -> str | None:
        """The id of the generation that is compared with; None for nothing."""
        return None if self.before is None else self.before.generation_id

    def hold(self, page: Page[T]) -> Page[T]:
        """Have the next page be of the same generations."""
        if page.next_position is None:
            return page
        return replace(page, next_position=[self.generation.generation_id, self.before_id, page.next_position])

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read a page within this. Raises StaleListError when the list can't go on, and would not begin there now."""
        try:
            yield
        except GenerationRetiredError as error:
            if self.may_begin_again:
                raise StaleListError from error
            raise


def hold_items(reader: GenerationReader, source: Source, generation_id: str, position: Any) -> HeldList:
    """Begin a list of what a generation serves, or go on with it.

    Raises GenerationNotFoundError, InvalidPositionError.
    """
    held_id, _, behind = _read(position)
    generation = reader.get_generation(source, held_id or generation_id)
    return HeldList(generation, None, behind, held_id is not None and generation_id == CURRENT)


def hold_changes(
    reader: GenerationReader, source: Source, generation_id: str, before_id: str | None, position: Any
) -> HeldList:
    """Begin a comparison with a generation, by default the one it was published upon, or go on with it.

    Raises GenerationNotFoundError, InvalidPositionError.
    """
    held_id, held_before_id, behind = _read(position)
    generation = reader.get_generation(source, held_id or generation_id)
    asked_id = generation.base_generation_id if before_id is None else before_id
    if held_id is None:
        held_before_id = asked_id
    elif asked_id not in {held_before_id, CURRENT}:
        raise InvalidPositionError
    before = None if held_before_id is None else reader.get_generation(source, held_before_id)
    return HeldList(generation, before, behind, held_id is not None and CURRENT in {generation_id, before_id})


def _read(position: Any) -> tuple[str | None, str | None, Any]:
    match position:
        case None:
            return None, None, None
        case [str() as held_id, None | str() as before_id, list() as behind]:
            return held_id, before_id, behind
    raise InvalidPositionError
