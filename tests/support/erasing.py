"""Looking for a text in everything that a source's tables and bucket hold, and carrying erasures out."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from knowledge.erasures.model import Erasure, ErasureState

WAIT_SECONDS = 15 * 60 + 1
_GZIP, _DEFLATE = b"\x1f\x8b", b"\x78"
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
    for sign, wbits in ((_GZIP, 31), (_DEFLATE, 15)):
        at = data.find(sign)
        while at >= 0:
            try:
                plain = zlib.decompressobj(wbits).decompress(data[at:])
            except zlib.error:
                plain = b""
            if plain:
                yield plain
                if plain.startswith(_GZIP):
                    yield gzip.decompress(plain)
            at = data.find(sign, at + 1)


def rows_of(world: Any, table: str) -> Iterator[dict[str, Any]]:
    """Every row of a table."""
    request: dict[str, Any] = {"TableName": table}
    while True:
        page = world.clients.dynamodb.scan(**request)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def places_with(world: Any, texts: Iterable[str]) -> list[str]:
    """Where one of some texts stands: keys of objects and their versions, and keys of rows of this source."""
    wanted = [form for text in texts for form in (text.encode(), json.dumps(text)[1:-1].encode())]
    bucket = world.bucket
    found = [
        f"{kind} {key}"
        for kind, objects in (("object", bucket.objects), ("deleted object", bucket.deleted))
        for key, (body, metadata) in objects.items()
        if any(text in plain for plain in (*inflated(body), str(metadata).encode()) for text in wanted)
    ]
    for table in (world.settings.catalog_table, world.settings.items_table):
        for row in rows_of(world, table):
            if not row["pk"]["S"].startswith((world.source_id, world.tenant_id)):
                continue
            blobs = [value["B"] for value in row.values() if "B" in value]
            blobs = [base64.b64decode(blob) if isinstance(blob, str) else blob for blob in blobs]
            plain = [str({name: value for name, value in row.items() if "B" not in value}).encode()]
            if any(text in each for blob in (*blobs, *plain) for each in inflated(blob) for text in wanted):
                found.append(f"row {row['pk']['S']} {row['sk']['S']}")
    return found
