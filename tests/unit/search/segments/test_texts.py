"""The text part has all that a segment is built anew from."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search.errors import DamagedSegmentError
from search.segments.model import SegmentDocument
from search.segments.texts import decode_texts, encode_texts
from search.text.model import Effort, Heading, Text

TEXTS = st.builds(
    Text,
    st.text(),
    st.text(),
    st.lists(st.builds(Heading, *[st.integers(0, 9)] * 3)).map(tuple),
    st.sampled_from(list(Effort)),
)
DOCUMENTS = st.builds(
    SegmentDocument,
    st.text(),
    st.just("ab" * 32),
    TEXTS,
    st.none() | st.text(),
    st.lists(st.text()).map(tuple),
    st.dictionaries(st.text(), st.none() | st.integers() | st.lists(st.text())),
)


@given(st.lists(DOCUMENTS, max_size=4))
def test_documents_are_read_as_they_were_written(documents: list[SegmentDocument]) -> None:
    data = encode_texts(documents)
    assert decode_texts(data) == documents
    assert encode_texts(documents) == data


@pytest.mark.parametrize("data", [b"no gzip", gzip.compress(b"{}\n"), gzip.compress(b"[1]\n"), gzip.compress(b"x\n")])
def test_other_bytes_are_damaged(data: bytes) -> None:
    with pytest.raises(DamagedSegmentError):
        decode_texts(data)
