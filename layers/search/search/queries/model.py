"""What is asked for, and how hits are ranked. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from search.errors import QueryTooLongError
from search.filters import Filter
from search.limits import QUERY_CHARACTERS


@dataclass(frozen=True, slots=True)
class Ranking:
    """How sources weigh a title against a text: 1 for both the same. `title_weights` are by source id."""

    title_weight: float = 1.0
    title_weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A query; of all sources when there are no `source_ids`. With `prefix` its last word may be unfinished."""

    text: str
    filter: Filter = field(default_factory=Filter)
    source_ids: Sequence[str] = ()
    prefix: bool = False
    ranking: Ranking = field(default_factory=Ranking)

    def check(self) -> None:
        """Raises QueryTooLongError, InvalidFilterError."""
        if len(self.text) > QUERY_CHARACTERS:
            raise QueryTooLongError
        self.filter.terms()
