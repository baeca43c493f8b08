"""Looking for a text in everything that a source's tables and bucket hold, and carrying erasures out."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from knowledge.erasures.model import Erasure, ErasureState
from knowledge.storage.attributes import from_row
from search.segments.model import MAGIC as SEGMENT

from tests.support.segment_words import unexplained_in

WAIT_SECONDS = 15 * 60 + 1
_GZIP = b"\x1f\x8b"
# What streams of gzip and zlib begin with, at any level.
_STREAM = re.compile(rb"\x1f\x8b|\x78[\x01\x5e\x9c\xda]")
_STEPS = 200


def erase(world: Any, *ids: str, **said: Any) -> Erasure:
    """Ask for an erasure."""
    request = world.knowledge.erasures.service.request_erasure
    erasure_id = said.pop("erasure_id", None) or world.ids("era")
    made: Erasure = request(world.source, list(ids), erasure_id=erasure_id, **said)
    return made


def carry_out(world: Any, erasure_id: str, *, waits: bool = True) -> Erasure:
    """Do all steps of an erasure, up to its wait, or to its end."""
    store, eraser = world.knowledge.stores.erasures, world.knowledge.erasures.eraser
    for _ in range(_STEPS):
        erasure: Erasure = store.get_erasure(world.source_id, erasure_id)
        if erasure.state is ErasureState.COMPLETED:
            return erasure
        if erasure.waits_until is not None and erasure.waits_until > world.clock():
            if not waits:
                return erasure
            world.clock.advance(seconds=WAIT_SECONDS)
        eraser.advance(erasure, lambda: True)
    message = "the erasure does not end"
    raise AssertionError(message)


def erase_wholly(world: Any, *ids: str) -> Erasure:
    """Ask for an erasure and carry it out to its end."""
    return carry_out(world, erase(world, *ids).erasure_id)


def inflated(data: bytes) -> Iterator[bytes]:
    """Some bytes, and every stream of gzip or zlib that begins anywhere in them, inflated."""
    yield data
    for found in _STREAM.finditer(data):
        try:
            plain = zlib.decompressobj(47).decompress(data[found.start() :])
        except zlib.error:
            continue
        yield plain
        if plain.startswith(_GZIP):
            yield gzip.decompress(plain)


def forms_of(texts: Iterable[str]) -> list[bytes]:
    """How texts may stand in something: as they are, and as JSON has them."""
    return [form for text in texts for form in (text.encode(), json.dumps(text)[1:-1].encode())]


def holds(blobs: Iterable[bytes], wanted: Iterable[bytes]) -> bool:
    """Tell whether one of some texts stands in one of some blobs, or in what it inflates to."""
    return any(text in plain for blob in blobs for plain in inflated(blob) for text in wanted)


def has_words_left(body: bytes) -> bool:
    """Tell whether an object is a segment with more in its engine's files than its text part tells of."""
    return body.startswith(SEGMENT) and bool(unexplained_in(body))


def rows_of(world: Any) -> Iterator[dict[str, Any]]:
    """Every row of a source, read behind the watch of its world."""
    source_id, items = world.source_id, world.settings.items_table
    catalog = list(_partition(world, world.settings.catalog_table, source_id))
    yield from catalog
    imports = [row["importId"] for row in catalog if row["sk"].startswith("import#")]
    for partition in (*"0123456789abcdef", "journal", *(f"rejects#{import_id}" for import_id in imports)):
        yield from _partition(world, items, f"{source_id}#{partition}")


def _partition(world: Any, table: str, pk: str) -> Iterator[dict[str, Any]]:
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": pk}},
        "ConsistentRead": True,
    }
    while True:
        page = world.dynamodb.query(**request)
        yield from map(from_row, page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def places_with(world: Any, texts: Iterable[str]) -> list[str]:
    """Where one of some texts stands: keys of objects and their versions, and keys of rows of this source."""
    wanted = forms_of(texts)
    bucket = world.bucket
    found = [
        f"{kind} {key}"
        for kind, objects in (("object", bucket.objects), ("deleted object", bucket.deleted))
        for key, (body, metadata) in objects.items()
        if holds([body, str(metadata).encode()], wanted) or has_words_left(body)
    ]
    found += [
        f"unfinished object {upload.key}"
        for upload in bucket.uploads.open.values()
        if holds([body for body, _ in upload.parts.values()], wanted)
    ]
    for row in rows_of(world):
        blobs = [value for value in row.values() if isinstance(value, bytes)]
        plain = str({name: value for name, value in row.items() if not isinstance(value, bytes)}).encode()
        if holds([*blobs, plain], wanted):
            found.append(f"row {row['pk']} {row['sk']}")
    return found
