"""Items as bytes."""

from __future__ import annotations

import gzip
import hashlib
import json
import random

import pytest
from knowledge.items.content import decode_member, decode_verified, encode_item
from knowledge.items.model import ItemDraft
from knowledge.limits import ANSWER_BYTES, INLINE_MEMBER_BYTES
from knowledge.storage.format import canonical_json

NOISE = random.Random(1).randbytes(12_000).hex()


def test_hash_is_of_the_canonical_json_and_ignores_the_version_and_the_order_of_keys() -> None:
    first = encode_item(ItemDraft("a", "T", "c", metadata={"x": 1, "a": "ü"}, source_version=1))
    second = encode_item(ItemDraft("a", "T", "c", metadata={"a": "ü", "x": 1}, source_version=2))
    expected = '{"content":"c","contentType":"text/plain","externalItemId":"a","metadata":{"a":"ü","x":1},"title":"T"}'
    assert first.content_hash == second.content_hash == hashlib.sha256(expected.encode()).hexdigest()


@pytest.mark.parametrize(
    "other",
    [
        ItemDraft("b", "T", "c"),
        ItemDraft("a", "t", "c"),
        ItemDraft("a", "T", "C"),
        ItemDraft("a", "T", "c", content_type="text/html"),
        ItemDraft("a", "T", "c", url="https://x.example/"),
        ItemDraft("a", "T", "c", language="de"),
        ItemDraft("a", "T", "c", tags=("x",)),
        ItemDraft("a", "T", "c", metadata={"x": 1}),
    ],
)
def test_every_field_is_part_of_the_content(other: ItemDraft) -> None:
    assert encode_item(other).content_hash != encode_item(ItemDraft("a", "T", "c")).content_hash


def test_members_concatenate_to_ndjson() -> None:
    items = [encode_item(ItemDraft(name, "T", f"héllo\n{name}")) for name in ("a", "b")]
    lines = gzip.decompress(b"".join(item.member for item in items)).decode().splitlines()
    assert [json.loads(line)["content"] for line in lines] == ["héllo\na", "héllo\nb"]
    assert [hashlib.sha256(line.encode()).hexdigest() for line in lines] == [item.content_hash for item in items]


def test_small_items_stay_inline_and_large_ones_leave_a_head() -> None:
    small, large = encode_item(ItemDraft("a", "T", "c" * 100_000)), encode_item(ItemDraft("a", "T", NOISE))
    assert small.head is None
    assert len(small.member) <= INLINE_MEMBER_BYTES < len(large.member)
    assert large.head is not None
    assert decode_member(large.head) == {"contentType": "text/plain", "externalItemId": "a", "title": "T"}


def test_an_item_too_long_for_a_response_is_kept_outside_however_well_it_compresses() -> None:
    item = encode_item(ItemDraft("a", "T", "\x01" * 1_000_000))
    assert len(canonical_json("\x01" * 1_000_000)) > ANSWER_BYTES
    assert item.head is not None


def test_verified_reading_refuses_other_bytes() -> None:
    item, other = encode_item(ItemDraft("a", "T", "c")), encode_item(ItemDraft("a", "T", "d"))
    assert decode_verified(item.member, item.content_hash)["content"] == "c"
    for wrong in (other.member, item.member[:-4], b"", b"plain"):
        with pytest.raises(ValueError, match="member"):
            decode_verified(wrong, item.content_hash)
