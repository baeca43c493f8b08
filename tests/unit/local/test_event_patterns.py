"""Event patterns: what they match, and that what is not known is refused and not matched."""

import pytest

from local.events.patterns import Pattern
from local.failures import TemplateError

EVENT = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"bucket": {"name": "b"}, "object": {"key": "imports/a.ndjson", "size": 12}, "tags": ["x", "y"]},
}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"source": ["aws.s3"], "detail-type": ["Object Created"]}, True),
        ({"source": ["aws.ec2"]}, False),
        ({"detail": {"bucket": {"name": ["a", "b"]}}}, True),
        ({"detail": {"object": {"key": [{"prefix": "imports/"}]}}}, True),
        ({"detail": {"object": {"key": [{"prefix": "exports/"}]}}}, False),
        ({"detail": {"object": {"key": [{"suffix": ".ndjson"}]}}}, True),
        ({"detail": {"object": {"key": [{"wildcard": "imports/*.ndjson"}]}}}, True),
        ({"detail": {"object": {"key": [{"equals-ignore-case": "IMPORTS/A.NDJSON"}]}}}, True),
        ({"detail": {"object": {"size": [{"numeric": [">", 10, "<", 20]}]}}}, True),
        ({"detail": {"object": {"size": [{"numeric": ["=", 10]}]}}}, False),
        ({"detail": {"object": {"key": [{"anything-but": {"prefix": "imports/"}}]}}}, False),
        ({"detail": {"bucket": {"name": [{"anything-but": ["a"]}]}}}, True),
        ({"detail": {"object": {"etag": [{"exists": False}]}}}, True),
        ({"detail": {"object": {"size": [{"exists": True}]}}}, True),
        ({"detail": {"tags": ["y"]}}, True),
        ({"$or": [{"source": ["x"]}, {"detail": {"tags": ["x"]}}]}, True),
    ],
)
def test_event_matches_its_pattern(pattern: dict, matches: bool) -> None:
    assert Pattern(pattern, "Rule").matches(EVENT) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        "not json",
        "[]",
        {"source": "aws.s3"},
        {"source": []},
        {"source": [{"ends-with": "x"}]},
        {"source": [{"prefix": ["a", "b"]}]},
        {"source": [{"prefix": "a", "suffix": "b"}]},
        {"source": [{"numeric": [">", "10"]}]},
        {"source": [{"numeric": [">", 1, "<"]}]},
        {"source": [{"anything-but": {"numeric": [">", 1]}}]},
        {"source": [{"exists": "yes"}]},
        {"detail": {"deep": [{"unknown": 1}]}},
        {"$or": [{"source": [{"unknown": 1}]}]},
    ],
)
def test_pattern_that_is_not_known_is_refused(pattern: object) -> None:
    with pytest.raises(TemplateError, match=r"^Rule: "):
        Pattern(pattern, "Rule")


def test_pattern_may_be_json_text() -> None:
    assert Pattern('{"source": ["aws.s3"]}', "Rule").matches(EVENT)
