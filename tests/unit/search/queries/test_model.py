"""What can't be asked for is refused."""

from __future__ import annotations

import pytest
from search.errors import InvalidFilterError, QueryTooLongError
from search.filters import Filter
from search.queries.model import SearchQuery


def test_query_has_at_most_1000_characters() -> None:
    SearchQuery("😀" * 1_000).check()
    with pytest.raises(QueryTooLongError, match="1,000 characters"):
        SearchQuery("a" * 1_001).check()


def test_filter_is_checked() -> None:
    with pytest.raises(InvalidFilterError):
        SearchQuery("a", Filter(tags=[str(number) for number in range(51)])).check()
