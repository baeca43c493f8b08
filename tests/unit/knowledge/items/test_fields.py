"""What an item consists of: its document and back, and what an absent field is."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st
from knowledge.items.fields import DETAILS, ItemDetails, details_answer, details_document, details_in, sent_values

details = st.builds(
    ItemDetails,
    content_type=st.sampled_from(["text/plain", "text/markdown", "text/html"]),
    url=st.none() | st.just("https://example.com/"),
    language=st.none() | st.just("en"),
    tags=st.lists(st.text(min_size=1), max_size=3).map(tuple),
    metadata=st.none() | st.dictionaries(st.text(), st.integers(), min_size=1, max_size=3),
)


@given(details)
def test_details_read_back_from_the_stored_document(value: ItemDetails) -> None:
    document = details_document(value)
    assert details_in(document) == value
    # What lies beside them in a document is not theirs.
    assert details_in({**document, "title": "T", "content": "c", "more": 1}) == value


@given(details)
def test_answer_has_every_field_and_the_document_those_that_are_there(value: ItemDetails) -> None:
    answer, document = details_answer(value), details_document(value)
    assert set(answer) == set(DETAILS.values())
    assert document == {name: found for name, found in answer.items() if found is not None and found != []}


def test_field_that_is_sent_empty_is_one_that_was_not_sent() -> None:
    """So the hash of an item does not change with the field that its sender began to spell out."""
    empty = ItemDetails(tags=(), metadata={}, url=None)
    assert details_document(empty) == details_document(ItemDetails()) == {"contentType": "text/plain"}


def test_names_in_json_are_camel_case_and_none_is_lost() -> None:
    assert DETAILS["content_type"] == "contentType"
    assert list(DETAILS) == [each.name for each in fields(ItemDetails)]
    assert len(set(DETAILS.values())) == len(DETAILS)


def test_values_that_were_sent_are_kept_also_when_they_are_false() -> None:
    assert sent_values({"a": None, "b": 0, "c": "", "d": [1], "e": []}) == {"b": 0, "c": "", "d": (1,), "e": ()}
