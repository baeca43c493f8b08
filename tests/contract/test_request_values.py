"""What fits a request schema of openapi.yaml is accepted, and nothing else is.

Bodies, queries and paths go through the readers of the routes, changed in one field at a time. `beyond_schemas` names
the rules that no schema tells, and why.
"""

from __future__ import annotations

from reprlib import Repr
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.beyond_schemas import REFUSED
from tests.contract.request_reading import Part, parts
from tests.contract.request_values import text_fields, texts, variants
from tests.support.sizes import sized

PARTS = {str(part): part for part in parts()}
TEXTS = {
    f"{part}-{field[0]}": (part, *field) for part in PARTS.values() for field in text_fields(part.schema, part.usual)
}
# For each rule beyond schemas a field and a value that fits, and is refused for it.
FITTING: dict[str, tuple[str, dict[str, Any]]] = {
    "must have 1 to 512 bytes of UTF-8": ("push_item-body", {"externalItemId": "é" * 257}),
    "must have 1 to 1048576 bytes of UTF-8": ("push_item-body", {"content": "é" * 524_289}),
    "must have at most 2048 bytes of UTF-8": ("push_item-body", {"url": "https://example.com/" + "é" * 1_015}),
    "must have at most 16384 bytes as canonical JSON": ("push_item-body", {"metadata": {"a": "x" * 16_377}}),
    "must have at most 65536 bytes of UTF-8 together": ("create_source-body", {"synonyms": [["é" * 100] * 20] * 17}),
    "must name the one source": ("search-body", {"query": "a", "runId": f"run_{'0' * 26}"}),
    "must have at most 2 decimals": ("update_source-body", {"titleWeight": 1.005}),
    "must be valid Unicode": ("push_item-body", {"title": "\ud800"}),
    "must be an absolute http or https URL": ("push_item-body", {"url": "https://example.com:65536"}),
    "comes with publishing: locked alone": ("update_source-body", {"reason": "why"}),
    "must be in the future": ("create_key-body", {"expiresAt": "2020-01-01T00:00:00Z"}),
    "must be of the years 1 to 9999": ("create_key-body", {"expiresAt": "9999-12-31T23:59:59-01:00"}),
    "is also at ": ("push_batch-body", {"removals": [{"externalItemId": "a"}] * 2}),
    "a request takes 5000 items and removals": (
        "push_batch-body",
        {
            "items": [{"externalItemId": f"i{number}", "title": "t", "content": "c"} for number in range(2_500)],
            "removals": [{"externalItemId": f"r{number}"} for number in range(2_501)],
        },
    ),
    "must not be after until": ("get_usage-query", {"since": "2027-01-31", "until": "2027-01-30"}),
    "must be less than 62 days before until": ("get_usage-query", {"since": "2027-01-31", "until": "2027-04-30"}),
    "is not a cursor that this list returned": ("list_items-query", {"cursor": "WzEsMl0"}),
}

_short = Repr()
_short.maxstring = _short.maxother = 120


@pytest.mark.parametrize("part", PARTS.values(), ids=str)
def test_value_is_accepted_just_where_it_fits(part: Part) -> None:
    assert part.verdict(part.usual) == (True, [])
    found = []
    for place, value in variants(part.schema, part.usual):
        said = part.disagreement(value)
        if said:
            found.append(f"{place}: {_short.repr(value)} {said}")
    assert not found, "\n".join(found[:20])


@pytest.mark.parametrize("field", TEXTS)
@settings(deadline=None, derandomize=True, max_examples=sized(10, 200), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_text_is_accepted_just_where_it_fits(field: str, data: st.DataObject) -> None:
    part, _, schema, put = TEXTS[field]
    assert part.disagreement(put(data.draw(texts(schema, surrogates=part.name == "body")))) is None


@pytest.mark.parametrize(
    ("language", "right"),
    [
        ("en", True),
        ("EN-us", True),
        ("pt-BR", True),
        ("zh-Hant-TW", True),
        ("zh-cmn-Hans-CN", True),
        ("es-419", True),
        ("de-CH-1996", True),
        ("sl-rozaj-biske-1994", True),
        ("en-US-u-co-phonebk", True),
        ("en-a-bb-x-a-ccc", True),
        ("x-private", True),
        ("english", True),
        ("en-x-" + "a" * 8 + "-b" * 11, True),
        ("en-x-" + "a" * 8 + "-b" * 12, False),
        ("", False),
        ("a", False),
        ("1", False),
        ("en-a", False),
        ("en-1", False),
        ("english-x", False),
        ("englishes-x-a", False),
        ("en--us", False),
        ("en-", False),
        ("en_US", False),
        ("en-US\n", False),
        ("en-\u212aa", False),
        ("i-klingon", False),
        ("en-GB-oed", False),
        ("x", False),
    ],
)
def test_language_is_a_tag_of_rfc_5646(language: str, right: bool) -> None:
    """The grandfathered tags that break its grammar are not taken."""
    fits, refused = PARTS["push_item-body"].verdict(PARTS["push_item-body"].usual | {"language": language})
    assert (fits, not refused) == (right, right)


@pytest.mark.parametrize(
    ("since", "fits", "accepted"),
    [
        ("2027-01-31T12:00:00Z", True, True),
        ("2027-01-31T12:00:00.123456789+05:30", True, True),
        ("2028-02-29T23:59:59-00:00", True, True),
        ("2027-02-29T12:00:00Z", False, False),
        ("2027-01-31T12:00:60Z", False, False),
        ("2027-01-31T12:00:00z", False, False),
        ("2027-01-31T12:00:00", False, False),
        ("2027-01-31", False, False),
        ("1795000000", False, False),
        ("2027-01-31 12:00Z", False, True),
        ("20270131T120000Z", False, True),
        ("2027-W04-7T12:00:00Z", False, True),
    ],
)
def test_time_of_rfc_3339_is_promised_and_others_of_iso_8601_are_read(since: str, fits: bool, accepted: bool) -> None:
    fitting, refused = PARTS["redeliver_failed-body"].verdict({"since": since})
    assert (fitting, not refused) == (fits, accepted)


@pytest.mark.parametrize("number", [*range(12), 99, 999, 9_999, 10_000, 10_001, 99_999, 100_000])
def test_number_of_a_part_is_documented_as_it_is_read(number: int) -> None:
    part = PARTS["put_snapshot_part-path"]
    for text in {str(number), f"{number:05}", f"{number:06}", f"+{number}", f"-{number}", f"{number}.0"}:
        assert part.disagreement(part.usual | {"partNumber": text}) is None, text


@pytest.mark.parametrize("rule", REFUSED)
def test_rule_beyond_schemas_is_one(rule: str) -> None:
    """A rule that a schema has come to tell is to be struck off the list."""
    name, fields = FITTING[rule]
    fits, refused = PARTS[name].verdict(PARTS[name].usual | fields)
    assert fits
    assert refused
    assert all(message.startswith(rule) for message in refused)


def test_number_of_a_query_may_have_leading_zeros() -> None:
    assert PARTS["list_items-query"].verdict({"limit": "007"}) == (False, [])
