"""What a write may demand to find."""

from __future__ import annotations

import pytest
from knowledge.errors import PreconditionFailedError
from knowledge.revisions import ABSENT, PRESENT, Expected, revision_of


def holds(expected: Expected, revision: str | None, *, there: bool) -> bool:
    try:
        expected.check(revision, there=there)
    except PreconditionFailedError as error:
        assert error.revision == revision
        return False
    return True


@pytest.mark.parametrize(
    ("revision", "there", "fits"),
    [
        ("a", True, {PRESENT, Expected(frozenset("ab"))}),
        ("c", True, {PRESENT}),
        (None, False, {ABSENT}),
        # A tombstone: who names it knows it.
        ("a", False, {ABSENT, Expected(frozenset("ab"))}),
    ],
)
def test_only_what_is_expected_passes(revision: str | None, there: bool, fits: set[Expected]) -> None:
    every = {PRESENT, ABSENT, Expected(frozenset("ab"))}
    assert {each for each in every if holds(each, revision, there=there)} == fits


def test_revision_follows_from_the_values_alone() -> None:
    assert revision_of("a", {"b": 1, "c": None}) == revision_of("a", {"c": None, "b": 1})
    every = {revision_of(*values) for values in (("a",), ("a", None), ("", "a"), (1,), ("1",), ("a", 1), ())}
    assert len(every) == 7
    assert all(len(each) == 32 and each.isalnum() for each in every)
