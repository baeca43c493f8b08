"""What an earlier try made is found for 24 hours."""

from __future__ import annotations

from typing import NoReturn

import pytest
from knowledge.earlier_tries import find_earlier
from knowledge.errors import ServiceUnavailableError, SourceNotFoundError
from knowledge.times import MS_PER_DAY

NOW = 1_795_000_000_000


@pytest.mark.parametrize(
    ("made_at", "found"), [(NOW, True), (NOW - MS_PER_DAY + 1, True), (NOW - MS_PER_DAY, False), (0, False)]
)
def test_made_within_24_hours_is_the_answer_and_older_is_not(made_at: int, found: bool) -> None:
    assert find_earlier("src_1", lambda _: made_at, int, NOW) == (made_at if found else None)


def test_request_without_a_key_looks_for_nothing() -> None:
    def get(_: str) -> NoReturn:
        raise AssertionError

    assert find_earlier(None, get, int, NOW) is None


def test_try_that_made_nothing_is_none_and_a_failure_is_told() -> None:
    def fail(error: Exception) -> NoReturn:
        raise error

    assert find_earlier("src_1", lambda _: fail(SourceNotFoundError()), int, NOW) is None
    with pytest.raises(ServiceUnavailableError):
        find_earlier("src_1", lambda _: fail(ServiceUnavailableError()), int, NOW)
