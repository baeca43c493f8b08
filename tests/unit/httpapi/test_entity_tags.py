"""Reading and writing entity tags."""

from __future__ import annotations

from typing import Any

import pytest
from httpapi.entity_tags import read_expected, read_known, tag_of, written
from httpapi.errors import ValidationFailedError
from knowledge.revisions import ABSENT, PRESENT, Expected

TAKES = {"changes": True, "if_match": True, "if_absent": True}
MALFORMED = [
    *("", " ", ",", "a", '"a', 'a"', '"a" "b"', '"a""b"', "W/a", 'w/"a"', "*, *", '*, "a"', '"a b"', '"a",b', "\0"),
]


def known(*values: str) -> bool:
    tags = read_known({"if-none-match": list(values)})
    assert tags is not None
    return tags.know("rev.0f")


@pytest.mark.parametrize(
    "values",
    [
        *(["*"], [" * "], ['"rev.0f"'], ['W/"rev.0f"'], ['"x", "rev.0f"'], ['"x"', '"rev.0f"'], [',, "x",,"rev.0f" ,']),
        *(['"rev.0f-gzip"'], ['"a,b","rev.0f"'], ['"é", "rev.0f"']),
    ],
)
def test_read_knows_its_tag_however_it_is_written(values: list[str]) -> None:
    assert known(*values)


@pytest.mark.parametrize("value", ['"rev"', '"rev.0"', '"REV.0F"', '"x"', '""', '"x,rev.0f"', '"gzip"'])
def test_read_does_not_know_another(value: str) -> None:
    assert not known(value)


@pytest.mark.parametrize("value", MALFORMED)
def test_what_is_no_list_of_tags_is_refused(value: str) -> None:
    with pytest.raises(ValidationFailedError) as refused:
        read_known({"if-none-match": [value]})
    assert refused.value.details[0]["path"] == "If-None-Match"
    with pytest.raises(ValidationFailedError) as refused:
        read_expected({"if-match": [value]}, **TAKES)
    assert refused.value.details[0]["path"] == "If-Match"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"if-match": ["*"]}, PRESENT),
        ({"if-none-match": ["*"]}, ABSENT),
        ({"if-match": ['"a.1", "b"', '"c.2-gzip"']}, Expected(frozenset("abc"))),
        # Weak tags are no promise of sameness.
        ({"if-match": ['W/"a.1", "b"']}, Expected(frozenset("b"))),
        ({"if-match": ['W/"a"']}, Expected(frozenset())),
    ],
)
def test_write_expects_the_revisions_of_strong_tags(headers: dict[str, Any], expected: Expected | None) -> None:
    assert read_expected(headers, **TAKES) == expected


@pytest.mark.parametrize(
    ("headers", "takes", "path"),
    [
        ({"if-match": ['"a"']}, {"if_match": False}, "If-Match"),
        ({"if-match": ["nonsense"]}, {"if_match": False}, "If-Match"),
        ({"if-match": ['"a"']}, {"changes": False, "if_match": False}, "If-Match"),
        ({"if-none-match": ["*"]}, {"if_absent": False}, "If-None-Match"),
        ({"if-none-match": ['"a"']}, {}, "If-None-Match"),
        ({"if-none-match": ["*", "*"]}, {}, "If-None-Match"),
        ({"if-none-match": ["*"], "if-match": ["*"]}, {}, "If-None-Match"),
        ({"if-unmodified-since": ["Sat, 28 Nov 2026 00:00:00 GMT"]}, {}, "If-Unmodified-Since"),
    ],
)
def test_condition_that_would_not_be_kept_to_is_refused(headers: Any, takes: dict[str, bool], path: str) -> None:
    with pytest.raises(ValidationFailedError) as refused:
        read_expected(headers, **{**TAKES, **takes})
    assert refused.value.details[0]["path"] == path


def test_long_lists_are_read_in_time_that_grows_with_their_length() -> None:
    # Backtracking would take years, and end by the clock of the test.
    for text in (", " * 5_000, '"a"' + " ," * 5_000 + "x", '"' * 10_000, 'W/"' * 3_000):
        with pytest.raises(ValidationFailedError):
            read_known({"if-none-match": [text]})


def test_tag_names_revision_and_bytes() -> None:
    tag = tag_of(b"text", "rev")
    assert tag.startswith("rev.")
    assert tag_of(b"text", None) == tag.removeprefix("rev.") != tag_of(b"texT", None)
    assert (written(tag), written(tag, zipped=True)) == (f'"{tag}"', f'"{tag}-gzip"')
