"""Bodies of requests: JSON that can always be sent, gzip over a size, and cutting many items into requests. Pure."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from knowledge_client.errors import InvalidArgumentError

GZIP_OVER_BYTES = 256 * 1024
# A request takes 5 000 items and 8 MiB of JSON, but the gateway only 4.5 MiB even of what does not compress.
PART_ITEMS = 1_000
PART_BYTES = 3_500_000
# Lists of what was handed in, in the bodies that hold any.
_LISTS = ("items", "removals")


@dataclass(frozen=True)
class Body:
    """A body as it goes out, and the headers that say what it is."""

    content: bytes
    headers: Mapping[str, str]


def body_of(value: Mapping[str, Any]) -> Body:
    """Write a JSON object; raises InvalidArgumentError, which names the item that is no JSON."""
    try:
        content = encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgumentError(_unwritable(value, error)) from error
    headers = {"Content-Type": "application/json"}
    if len(content) <= GZIP_OVER_BYTES:
        return Body(content, headers)
    return Body(gzip.compress(content, 6), {**headers, "Content-Encoding": "gzip"})


def encode(value: Any) -> bytes:
    """Write JSON in UTF-8. Half of a surrogate pair is no Unicode: it goes out escaped, and the API says where."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False).encode()


def path_segment(text: str) -> str:
    """Percent-encode one part of a path: an externalItemId may hold `/`, spaces and any Unicode."""
    if text in {"", ".", ".."}:
        raise InvalidArgumentError(f"{text!r} can't be an id")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(f"{text!r} can't be an id: it has half of a surrogate pair in it") from error


def parts_of(items: Iterable[Any]) -> Iterator[list[Any]]:
    """Cut items into lists that one request takes, by their number and their bytes, without reading further ahead."""
    part: list[Any] = []
    size = 0
    for number, item in enumerate(items):
        try:
            length = len(encode(item)) + 2
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidArgumentError(f"items[{number}]{_name_of(item)} is no JSON: {error}") from error
        if part and (len(part) == PART_ITEMS or size + length > PART_BYTES):
            yield part
            part, size = [], 0
        part.append(item)
        size += length
    if part:
        yield part


def _unwritable(value: Mapping[str, Any], error: Exception) -> str:
    """Name what can't be written: the item of a list, or the field."""
    for name, inner in value.items():
        listed = name in _LISTS and isinstance(inner, list)
        for path, each in ((f"{name}[{at}]", each) for at, each in enumerate(inner)) if listed else ((name, inner),):
            try:
                encode(each)
            except (TypeError, ValueError, RecursionError) as found:
                return f"{path}{_name_of(each)} is no JSON: {found}"
    return f"the body is no JSON: {error}"


def _name_of(item: Any) -> str:
    name = item.get("externalItemId") if isinstance(item, Mapping) else None
    return f" ({name})" if isinstance(name, str) else ""
