"""Fingerprints tell in which fields two editions of an item differ, without their contents."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.items import fingerprints
from knowledge.items.content import encode_item
from knowledge.items.fields import DETAILS
from knowledge.items.fingerprints import (
    FIELDS,
    differing_documents,
    differing_fields,
    field_names,
    fingerprint_fields,
)
from knowledge.items.model import ItemDraft

values = st.text(max_size=5) | st.integers() | st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3)
documents = st.dictionaries(st.sampled_from(FIELDS), values)


@given(documents, documents)
def test_records_tell_the_fields_apart_that_documents_do(before: dict[str, Any], after: dict[str, Any]) -> None:
    differing = differing_fields(fingerprint_fields(before), fingerprint_fields(after))
    assert differing == differing_documents(before, after)
    expected = {name for name in FIELDS if before.get(name) != after.get(name)}
    assert field_names(differing) == tuple(sorted(expected))


@given(documents)
def test_record_has_a_byte_and_four_of_each_field(document: dict[str, Any]) -> None:
    record = fingerprint_fields(document)
    assert len(record) == 1 + 4 * len(document)
    assert record[0] == sum(1 << FIELDS.index(name) for name in document)
    assert differing_fields(record, record) == 0


@given(documents, st.randoms(use_true_random=False))
def test_record_depends_on_the_values_alone(document: dict[str, Any], random: Any) -> None:
    """Not on the order of fields, or of what is in one."""
    names = list(document)
    random.shuffle(names)
    turned = {name: document[name] for name in names}
    for name, value in turned.items():
        if isinstance(value, dict):
            turned[name] = dict(reversed(value.items()))
    assert fingerprint_fields(turned) == fingerprint_fields(document)


@given(documents.map(fingerprint_fields))
def test_record_that_is_missing_says_nothing(record: bytes) -> None:
    assert differing_fields(b"", record) == differing_fields(record, b"") == 0


def test_every_field_that_a_change_can_name_has_a_bit_of_one_byte() -> None:
    assert len(FIELDS) == len(set(FIELDS)) <= 8
    assert set(FIELDS) == {"title", "content", *DETAILS.values()}
    # What is stored names them by their bits, so they keep their places.
    assert FIELDS[:2] == ("title", "content")


def test_stored_item_carries_the_record_of_its_document() -> None:
    item = encode_item(ItemDraft("id", "title", "one"))
    other = encode_item(ItemDraft("id", "title", "two"))
    assert item.fields[0] & 3 == 3
    assert field_names(differing_fields(item.fields, other.fields)) == ("content",)


@pytest.mark.parametrize("name", FIELDS)
def test_values_that_print_alike_are_not_told_apart(name: str) -> None:
    """Once in 4 billion times; the caller compares the documents then."""
    with mock.patch.object(fingerprints, "canonical_json", lambda _: b"the same"):
        assert differing_fields(fingerprint_fields({name: "a"}), fingerprint_fields({name: "b"})) == 0
    assert field_names(differing_documents({name: "a"}, {name: "b"})) == (name,)
