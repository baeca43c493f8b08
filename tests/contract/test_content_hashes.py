"""The content hash is a promise: clients compute it to compare a folder with what is served, and write nothing for it.

`vectors/content_hashes.json` holds items as they are sent, what of each is hashed, and the hash. The product and the
clients are held to it. The canonical texts in it were written by hand.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from knowledge.items.content import encode_item
from knowledge.items.json_text import parse_json
from knowledge.items.validation import read_item
from knowledge_client.content_hashes import canonical_json, content_hash, hashed_form

from local.template import ROOT

VECTORS = json.loads((ROOT / "tests" / "contract" / "vectors" / "content_hashes.json").read_text("utf-8"))
PAGE = (ROOT / "docs" / "items.md").read_text("utf-8")


def product_hash(sent: str) -> str:
    return encode_item(read_item(parse_json(sent.encode()))).content_hash


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: each["about"])
def test_product_and_client_agree_with_the_vectors(vector: dict[str, str]) -> None:
    assert hashlib.sha256(vector["canonical"].encode()).hexdigest() == vector["contentHash"]
    item = json.loads(vector["sent"])
    assert canonical_json(hashed_form(item)).decode() == vector["canonical"]
    assert content_hash(item) == vector["contentHash"]
    assert product_hash(vector["sent"]) == vector["contentHash"]


def test_the_page_names_the_vectors() -> None:
    assert "content_hashes.json" in PAGE


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(texts, values, max_size=4), st.lists(st.sampled_from(["a", "b"]), max_size=3))
@example({"n": -0.0, "m": 1e16, "k": 1e-05, "i": 2**70}, [])
def test_client_hashes_what_it_sends_as_the_product_does(metadata: dict[str, Any], tags: list[str]) -> None:
    item = {"externalItemId": "a", "title": "A", "content": "x", "metadata": metadata, "tags": tags}
    assert content_hash(item) == product_hash(json.dumps(item))
