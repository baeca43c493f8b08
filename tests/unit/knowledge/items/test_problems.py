"""Problems as they are told: at most so many, each with its place."""

from __future__ import annotations

from typing import Annotated

import pytest
from knowledge.items.problems import InvalidItemsError, Problem, field_path, problem_message, unknown_name
from pydantic import BaseModel, Field


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ((), ""),
        (("title",), "title"),
        (("items", 3, "tags", 0), "items[3].tags[0]"),
        ((0, "a"), "[0].a"),
        (("metadata", "a.b"), "metadata.a.b"),
    ],
)
def test_place_is_written_as_a_path(location: tuple[int | str, ...], path: str) -> None:
    assert field_path(location) == path


@pytest.mark.parametrize(
    ("count", "shown", "told"),
    [
        (1, 1, ": 1 fault."),
        (2, 2, ": 2 faults."),
        (100, 100, ": 100 faults."),
        (101, 100, ": more than 100 faults."),
        (5_000, 100, ": more than 100 faults."),
    ],
)
def test_error_holds_the_first_hundred_and_says_when_there_are_more(count: int, shown: int, told: str) -> None:
    error = InvalidItemsError([Problem(f"items[{number}]", "is missing") for number in range(count)])
    assert [each.path for each in error.problems] == [f"items[{number}]" for number in range(shown)]
    assert str(error).endswith(told)


def test_problem_in_a_list_names_its_entry_and_one_of_a_single_item_does_not() -> None:
    assert Problem("title", "is missing").as_detail() == {"path": "title", "message": "is missing"}
    # The first entry too, and one whose id can't be told.
    assert Problem("items[0].title", "is missing", 0).as_detail() == {
        "index": 0,
        "externalItemId": None,
        "path": "items[0].title",
        "message": "is missing",
    }


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"type": "missing", "msg": "Field required"}, "is missing"),
        ({"type": "value_error", "msg": "Value error, x", "ctx": {"error": ValueError("must be x")}}, "must be x"),
        ({"type": "too_long", "msg": "...", "ctx": {"max_length": 50}}, "must have at most 50 entries"),
        ({"type": "too_short", "msg": "...", "ctx": {"min_length": 1}}, "must have at least one entry"),
        ({"type": "too_short", "msg": "...", "ctx": {"min_length": 2}}, "must have at least 2 entries"),
        ({"type": "int_type", "msg": "Input should be a valid integer"}, "must be a valid integer"),
    ],
)
def test_message_goes_on_after_the_path(found: dict[str, object], message: str) -> None:
    assert problem_message(found) == message


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("sourceversion", "sourceVersion"),
        ("source_version", "sourceVersion"),
        ("sourceVersoin", "sourceVersion"),
        ("titel", "title"),
        ("x", None),
        ("t" * 1_000_000, None),
    ],
)
def test_name_that_is_not_known_is_told_with_the_one_it_is_like(name: str, likely: str | None) -> None:
    told = unknown_name(name, ["title", "sourceVersion"])
    assert told == "is not a field of this object" + (f"; did you mean {likely}?" if likely else "")


class _Inner(BaseModel):
    tags: list[str] = []


class _Outer(BaseModel):
    inner: Annotated[list[_Inner], Field(max_length=3)] | None = None
    other: int = 0


@pytest.mark.parametrize(
    ("place", "likely"),
    [(("inner", 0, "tag"), "tags"), (("iner",), "inner"), (("other", "othr"), None), (("a", "b"), None)],
)
def test_likely_name_is_of_the_model_at_that_place(place: tuple[str | int, ...], likely: str | None) -> None:
    told = problem_message({"type": "extra_forbidden", "msg": "...", "loc": place}, _Outer)
    assert told.partition("; ")[2] == (f"did you mean {likely}?" if likely else "")
