"""The content hash of an item, computed as the API computes it (docs/items.md). Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_DEFAULTS = {"contentType": "text/plain"}
_NO_CONTENT = frozenset({"sourceVersion"})


def canonical_json(value: Any) -> bytes:
    """Write JSON in the one form that is hashed: names in the order of their code points, no spaces, UTF-8.

    Raises ValueError for a number that JSON does not have, and for a lone surrogate.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def hashed_form(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an item is hashed: what is empty counts as not sent, and `sourceVersion` is no content."""
    sent = {name: value for name, value in item.items() if value not in (None, [], {}) and name not in _NO_CONTENT}
    return {**_DEFAULTS, **sent}


def content_hash(item: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an item in hexadecimal, which the API calls `contentHash`."""
    return hashlib.sha256(canonical_json(hashed_form(item))).hexdigest()
