"""Domain errors go through a state machine by the names of their classes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from knowledge import errors
from knowledge.errors import ConflictError, KnowledgeError, NotFoundError, RunFailedError, TransientApplyError
from knowledge.runs.failures import TaskFailure, domain_error


def every(root: type[KnowledgeError]) -> Iterator[type[KnowledgeError]]:
    yield root
    for each in root.__subclasses__():
        yield from every(each)


OURS = [each for each in every(KnowledgeError) if each.__module__ == errors.__name__]


@pytest.mark.parametrize("error", OURS)
def test_error_is_found_by_its_name(error: type[KnowledgeError]) -> None:
    assert type(domain_error(TaskFailure(error.__name__, ""), RunFailedError)) is error


def test_no_two_errors_of_the_lifecycle_share_a_name() -> None:
    names = [each.__name__ for each in set(every(KnowledgeError))]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("error", [each for each in OURS if each not in {ConflictError, TransientApplyError}])
def test_every_refusal_says_something_of_its_own(error: type[KnowledgeError]) -> None:
    assert str(error()).endswith(".")
    assert str(error("Else.")) == "Else."
    if error is not KnowledgeError:
        assert error.message != KnowledgeError.message


def test_what_a_retry_mends_is_a_conflict_and_what_is_missing_is_none() -> None:
    assert issubclass(TransientApplyError, ConflictError)
    assert not any(issubclass(each, ConflictError) for each in every(NotFoundError))
