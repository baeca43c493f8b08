"""Members of packs as they go into the file of an export."""

from __future__ import annotations

import gzip
import hashlib

import pytest
from knowledge.exports.members import NO_ITEMS, file_member
from knowledge.imports.inflating import pieces
from knowledge.items.content import encode_item
from knowledge.items.model import ItemDraft
from knowledge.limits import CONTENT_BYTES, INFLATION_FACTOR


def test_member_is_copied_as_it_is() -> None:
    item = encode_item(ItemDraft("a", "Title", "Some words."))
    found = file_member(item.member, item.content_hash)
    assert found.data == item.member
    assert found.plain_bytes == len(gzip.decompress(item.member))


@pytest.mark.parametrize("content", ["a" * CONTENT_BYTES, "\x01" * CONTENT_BYTES, "\U0001f600" * (CONTENT_BYTES // 4)])
def test_member_that_inflates_to_over_a_hundred_times_its_size_is_packed_anew(content: str) -> None:
    item = encode_item(ItemDraft("a", "Title", content))
    assert len(gzip.decompress(item.member)) > INFLATION_FACTOR * len(item.member)
    found = file_member(item.member, item.content_hash)
    assert gzip.decompress(found.data) == gzip.decompress(item.member)
    assert found.plain_bytes <= 8 * len(found.data)
    body = found.data * 200
    text = b"".join(pieces(lambda at, length: body[at : at + length], len(body)))
    assert len(text) == 200 * found.plain_bytes


def test_member_of_something_else_is_no_content() -> None:
    item, other = (encode_item(ItemDraft(name, "Title", "Some words.")) for name in "ab")
    line = b"no line feed"
    for member, content_hash in (
        (other.member, item.content_hash),
        (item.member[:-9], item.content_hash),
        (b"", item.content_hash),
        (b"no gzip", item.content_hash),
        (gzip.compress(line), hashlib.sha256(line).hexdigest()),
    ):
        with pytest.raises(ValueError, match="the member"):
            file_member(member, content_hash)


def test_file_of_no_items_is_a_gzip_stream() -> None:
    assert gzip.decompress(NO_ITEMS.data) == b""
    assert NO_ITEMS.plain_bytes == 0
