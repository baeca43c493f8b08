"""The bounds of items, each at its edge."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.items.model import ItemDraft, Removal
from knowledge.items.problems import InvalidItemsError
from knowledge.items.validation import read_batch, read_item

ITEM: dict[str, Any] = {"externalItemId": "faq-1", "title": "Refunds", "content": "Refunds take 14 days."}


def paths(body: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidItemsError) as refused:
        read_item(body)
    return [problem.path for problem in refused.value.problems]


def test_least_item_gets_its_defaults() -> None:
    assert read_item(ITEM) == ItemDraft("faq-1", "Refunds", "Refunds take 14 days.")


def test_null_stands_for_absent_where_a_field_may_be_absent() -> None:
    nulls = dict.fromkeys(("url", "language", "tags", "metadata", "sourceVersion"))
    assert read_item(ITEM | nulls) == read_item(ITEM)
    assert paths(ITEM | {"contentType": None}) == ["contentType"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("externalItemId", "x" * 512),
        ("externalItemId", "ä" * 256),
        ("externalItemId", "a/b c%2F😀\u2028"),
        ("externalItemId", "..."),
        ("title", "😀" * 500),
        ("title", "\u200b \u0301"),
        ("tags", ["\u200d\ufe0f\u2764"]),
        ("content", " "),
        ("content", "x" * 1_048_576),
        ("content", "\u0000"),
        ("contentType", "text/html"),
        ("url", "HTTP://example.com"),
        ("url", "https://example.com/" + "x" * 2028),
        ("url", "https://[::1]:8443/ä?q=1#f"),
        ("language", "en"),
        ("language", "zh-Hant-TW"),
        ("language", "de-CH-1996-x-private"),
        ("tags", ["t" * 64] * 50),
        ("tags", []),
        ("metadata", {}),
        ("metadata", {"a": "x" * 16_376}),
        ("sourceVersion", 0),
        ("sourceVersion", 2**63 - 1),
    ],
)
def test_value_at_its_bound_is_taken(field: str, value: Any) -> None:
    read_item(ITEM | {field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("externalItemId", ""),
        ("externalItemId", "x" * 513),
        ("externalItemId", "ä" * 257),
        ("externalItemId", "a\tb"),
        ("externalItemId", "a\u0085b"),
        ("externalItemId", "."),
        ("externalItemId", ".."),
        ("externalItemId", "\ud800"),
        ("externalItemId", 7),
        ("title", ""),
        ("title", "  \t\n\u3000"),
        ("title", "\u200b\ufeff\u2060\u00ad"),
        ("title", "\u202e\u2066\u2069"),
        ("title", "\u3164\u115f\uffa0\u2800"),
        ("title", "\U000e0041\U000e007f"),
        ("title", "x" * 501),
        ("title", "\udfff"),
        ("content", ""),
        ("content", "ä" * 524_289),
        ("content", "\ud800"),
        ("contentType", "text/x"),
        ("url", "ftp://example.com"),
        ("url", "//example.com"),
        ("url", "https://"),
        ("url", "https://exa mple.com"),
        ("url", "https://example.com:99999"),
        ("url", "https://[::1"),
        ("url", "https://example.com/\n"),
        ("url", "javascript:alert(1)"),
        ("url", "https://example.com/" + "x" * 2029),
        ("url", "https://example.com/\ud800"),
        ("language", ""),
        ("language", "english please"),
        ("language", "e"),
        ("language", "en_US"),
        ("language", "en-\n"),
        ("tags", ["t"] * 51),
        ("tags", "t"),
        ("metadata", []),
        ("metadata", {"a": "x" * 16_377}),
        ("metadata", {"a": {"b": "\ud800"}}),
        ("sourceVersion", -1),
        ("sourceVersion", 2**63),
        ("sourceVersion", 1.0),
        ("sourceVersion", True),
        ("sourceVersion", "1"),
        ("tittle", "typo"),
    ],
)
def test_value_past_its_bound_is_one_fault_at_its_field(field: str, value: Any) -> None:
    assert paths(ITEM | {field: value}) == [field]


def test_faults_inside_lists_name_their_place() -> None:
    assert paths(ITEM | {"tags": ["fine", "", 3, "t" * 65]}) == ["tags[1]", "tags[2]", "tags[3]"]


def test_every_fault_of_an_item_is_listed() -> None:
    assert sorted(paths({"title": "", "url": "x", "extra": 1})) == sorted(
        ["externalItemId", "title", "content", "url", "extra"]
    )


def test_batch_keeps_its_order() -> None:
    items = [ITEM | {"externalItemId": name} for name in ("z", "a")]
    drafts, removals = read_batch({"items": items, "removals": [{"externalItemId": "m", "sourceVersion": 3}]})
    assert [draft.external_item_id for draft in drafts] == ["z", "a"]
    assert removals == [Removal("m", 3)]


def test_id_in_both_lists_is_named_at_both_places() -> None:
    with pytest.raises(InvalidItemsError) as refused:
        read_batch({"items": [ITEM], "removals": [{"externalItemId": "x"}, {"externalItemId": "faq-1"}]})
    assert [problem.as_detail() for problem in refused.value.problems] == [
        {"index": 0, "externalItemId": "faq-1", "path": "items[0].externalItemId", "message": "is also at removals[1]"},
        {"index": 1, "externalItemId": "faq-1", "path": "removals[1].externalItemId", "message": "is also at items[0]"},
    ]


@pytest.mark.parametrize(
    ("body", "path"),
    [({"items": {}}, "items"), ({"removals": 1}, "removals"), ({"item": []}, "item"), ({"items": [1]}, "items[0]")],
)
def test_batch_of_the_wrong_shape_is_refused(body: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidItemsError) as refused:
        read_batch(body)
    assert [problem.path for problem in refused.value.problems] == [path]


def test_large_batch_is_read_well_under_a_second() -> None:
    items = [ITEM | {"externalItemId": f"faq-{n}", "tags": ["a", "b"], "metadata": {"n": n}} for n in range(5_000)]
    started = time.process_time()
    assert len(read_batch({"items": items})[0]) == 5_000
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "body",
    [
        {"items": [ITEM | {"title": "", "tags": [""] * 50, "externalItemId": f"i{n}"} for n in range(5_000)]},
        {"items": [ITEM | {f"f{n}": n for n in range(200_000)}]},
        {f"f{n}": n for n in range(200_000)},
        {"items": [ITEM] * 5_000},
    ],
)
def test_hopeless_batch_is_given_up_quickly_with_at_most_100_faults(body: dict[str, Any]) -> None:
    started = time.process_time()
    with pytest.raises(InvalidItemsError) as refused:
        read_batch(body)
    assert 1 <= len(refused.value.problems) <= 100
    assert time.process_time() - started < 1


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@given(st.dictionaries(st.sampled_from([*ITEM, "url", "tags", "metadata", "language", "x"]), ANYTHING))
def test_any_object_is_taken_or_refused_with_places(body: dict[str, Any]) -> None:
    try:
        read_item(body)
        read_batch({"items": [body]})
    except InvalidItemsError as error:
        assert all(problem.message for problem in error.problems)
