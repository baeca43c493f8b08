"""The format of stored objects, and JSON in the one form that is hashed. Pure."""

from __future__ import annotations

import gzip
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """Write JSON in the one form that is hashed: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


# Without cycles, and looking for them takes a third of the time; keys stand as they came.
encode_plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False).encode
"""Write lists and texts that this code made, as JSON without spaces."""

FORMAT = 2


class ObjectGoneError(Exception):
    """Raised when an object that is named somewhere is missing or is not the one that was written."""


class UnknownFormatError(ValueError):
    """Raised when an object was written by code of another format."""


def pack_json(value: Any, level: int = 6) -> bytes:
    """Write one object of the index, or of a planning: the same bytes for the same value."""
    return gzip.compress(canonical_json(value), level, mtime=0)


def unpack_json(data: bytes) -> Any:
    """Read an object of the index. Raises UnknownFormatError when its `format` is not this code's."""
    value = json.loads(gzip.decompress(data))
    if value.get("format") != FORMAT:
        message = f"format {value.get('format')!r} is not {FORMAT}"
        raise UnknownFormatError(message)
    return value
