"""Exports of a source of the lifecycle, and their files taken back into another one."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from knowledge.exports import parts as export_parts
from knowledge.exports.model import Export
from knowledge.imports.model import Import
from knowledge.items.model import ItemDraft
from knowledge.items.problems import InvalidItemsError
from knowledge.items.validation import read_item
from knowledge.limits import CONTENT_BYTES

from testing.import_files import Importing
from testing.lifecycle import Lifecycle
from tests.support.hostile_requests import ODD_TEXTS, ODD_VALUES

_GZIP = 31


class Exporting:
    """A source, seen by who exports what it serves."""

    def __init__(self, life: Lifecycle) -> None:
        self.life = life
        self.last: Export | None = None

    def create(self, generation_id: str = "current", **asked: Any) -> Export:
        """Ask for an export, whose execution has not begun."""
        source = self.life.source
        generation = self.life.knowledge.generations.get_generation(source, generation_id)
        export_id = asked.pop("export_id", None) or self.life.ids("exp")
        return self.life.knowledge.exports.service.create_export(source, generation, export_id=export_id, **asked)

    def get(self, export: Export) -> Export:
        """Read an export as a client does."""
        source = self.life.source
        generation = self.life.knowledge.generations.get_generation(source, export.generation_id)
        return self.life.knowledge.exports.service.get_export(source, generation, export.export_id)

    def stored(self, export: Export) -> Export:
        """An export as it is stored, whatever became of its generation."""
        return self.life.knowledge.stores.exports.get_export(export.source_id, export.export_id)

    def run(self) -> None:
        """Let the executions go on to their ends."""
        self.life.export_machine.run()

    def whole(self, generation_id: str = "current") -> Export:
        """Export from beginning to end."""
        export = self.create(generation_id)
        self.run()
        return self.get(export)

    def file_of(self, export: Export) -> bytes:
        """The bytes of an export's file."""
        bucket, key = self.life.settings.content_bucket, export.key
        body: bytes = self.life.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def other_source(self) -> Lifecycle:
        """An empty source of the same stack."""
        return Lifecycle(self.life.settings, self.life.clients, clock=self.life.clock, ids=self.life.ids)

    def take_back(self, body: bytes) -> tuple[Lifecycle, Import]:
        """Import a file into a new source, and publish it."""
        importing = Importing(self.other_source())
        job = importing.whole(body, "snapshot", max_rejected=0)
        return importing.life, job


def small_parts(patched: Any, exporting: Exporting, part_bytes: int) -> None:
    """Have parts of a few items, which the bucket in memory takes."""
    patched.setattr(export_parts, "PART_BYTES", part_bytes)
    bucket = getattr(exporting.life.clients.s3, "_client", exporting.life.clients.s3)
    bucket.uploads.part_bytes = part_bytes


def inflated(body: bytes) -> bytes:
    """The text of a file of members, read without the product."""
    text = b""
    while body:
        member = zlib.decompressobj(_GZIP)
        text += member.decompress(body)
        assert member.eof, "a member has no end"
        body = member.unused_data
    return text


def lines_of(body: bytes) -> list[dict[str, Any]]:
    """The items of a file."""
    text = inflated(body)
    assert not text or text.endswith(b"\n")
    return [json.loads(line) for line in text.split(b"\n")[:-1]]


def hostile_items() -> list[ItemDraft]:
    """Every odd text and value in every field, as far as an item may hold it; and the largest of each kind."""
    return [draft for draft in map(_taken, _bodies()) if draft is not None]


def _taken(body: dict[str, Any]) -> ItemDraft | None:
    try:
        return read_item(body)
    except InvalidItemsError:
        return None


def _bodies() -> Iterator[dict[str, Any]]:
    for number, text in enumerate([*ODD_TEXTS, "\ufeff", "\r\n", "\u2028", '\\"/', "\x7f", "#" * 512, "é" * 256]):
        yield {"externalItemId": text, "title": "T", "content": "C"}
        for name in ("title", "content", "url", "language"):
            yield {"externalItemId": f"{name}-{number}", "title": "T", "content": "C", name: text}
        yield {"externalItemId": f"tag-{number}", "title": "T", "content": "C", "tags": [text, text]}
        yield {"externalItemId": f"name-{number}", "title": "T", "content": "C", "metadata": {text: text}}
    numbers = (-0.0, 1e308, 5e-324, 0.1, 1e22, 2**63 - 1, -(2**63))
    for number, value in enumerate([*ODD_VALUES, *numbers]):
        yield {"externalItemId": f"value-{number}", "title": "T", "content": "C", "metadata": {"v": value}}
    yield from _largest()


def _largest() -> Iterable[dict[str, Any]]:
    for name, content in (
        ("controls", "\x01" * CONTENT_BYTES),
        ("quotes", '"\n' * (CONTENT_BYTES // 2)),
        ("one-byte", "a" * CONTENT_BYTES),
        ("smileys", "\U0001f600" * (CONTENT_BYTES // 4)),
    ):
        yield {
            "externalItemId": f"largest-{name}",
            "title": "\x01" * 500,
            "content": content,
            "contentType": "text/html",
            "url": "https://example.com/" + "u" * 2_000,
            "tags": ["\x01" * 64] * 50,
            "metadata": {"m": "é" * 8_000},
        }
