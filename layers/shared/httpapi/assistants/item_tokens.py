"""Items by one text, as assistants name them: opaque, safe in an address, and read back to what it names. Pure.

A token is a name and gives no right: whoever brings one is asked for a key that may see the source, as ever.
"""

from __future__ import annotations

import base64

from knowledge.errors import ItemNotFoundError
from knowledge.ids import decode_ulid, encode_ulid
from knowledge.items.field_rules import check_external_item_id
from knowledge.searching.model import ItemName

_PREFIX = "src_"
_SOURCE_BYTES = 16


def item_token(name: ItemName) -> str:
    """Write the token of an item: Base64 of the source's 128 bits and of the item's id in UTF-8."""
    source = decode_ulid(name.source_id.removeprefix(_PREFIX)).to_bytes(_SOURCE_BYTES, "big")
    return base64.urlsafe_b64encode(source + name.external_item_id.encode()).rstrip(b"=").decode()


def read_token(token: str) -> ItemName:
    """Read what a token names. Raises ItemNotFoundError for every text that `item_token` would not write."""
    try:
        raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        source_id = _PREFIX + encode_ulid(int.from_bytes(raw[:_SOURCE_BYTES], "big"))
        name = ItemName(source_id, check_external_item_id(raw[_SOURCE_BYTES:].decode()))
    except ValueError:
        raise ItemNotFoundError from None
    if item_token(name) != token:
        raise ItemNotFoundError
    return name
