"""Exports of the lifecycle: what is in their files, and that an import takes them back unchanged."""

from __future__ import annotations

import gzip
import os

import pytest
from knowledge.actors import Actor, Author
from knowledge.errors import ExportLimitError, ExportNotFoundError, GenerationRetiredError
from knowledge.exports import store as export_store
from knowledge.exports.parts import PART_BYTES
from knowledge.items.validation import read_item
from knowledge.limits import EXPORT_KEPT_MS, EXPORT_SILENT_MS
from knowledge_client.folder import FolderReader

from local.template import ROOT
from testing.import_files import line, many
from testing.lifecycle import draft
from tests.functional.lifecycle.conftest import Checked
from tests.support.exporting import Exporting, hostile_items, lines_of, small_parts

ITEMS = int(os.environ.get("EXPORT_ITEMS", "500"))
BY = Actor(Author("4fGh2LmN8pQrS0tV", "nightly"), "4fGh2LmN8pQrS0tV", "req-1")


@pytest.fixture
def exporting(lean_lifecycle: Checked) -> Exporting:
    """A source, for who exports what it serves."""
    return Exporting(lean_lifecycle)


def test_export_of_every_odd_item_is_taken_back_unchanged(exporting: Exporting) -> None:
    life, items = exporting.life, hostile_items()
    assert len(items) > 120
    for start in range(0, len(items), 50):
        life.knowledge.staging.push_items(life.source, items[start : start + 50], [])
    life.publish()
    export = exporting.whole()
    body = exporting.file_of(export)
    assert (export.state, export.items, export.bytes) == ("completed", len(items), len(body))
    assert export.root_hash == life.current.root_hash
    other, job = exporting.take_back(body)
    assert (job.state, job.counts.created, job.rejected) == ("completed", len(items), 0)
    assert job.plain_bytes == export.plain_bytes
    assert other.current.root_hash == life.current.root_hash
    again = Exporting(other)
    assert again.file_of(again.whole()) == body, "it depends on more than what is served"


def test_help_centre_is_taken_back_unchanged(exporting: Exporting) -> None:
    life = exporting.life
    reader = FolderReader.of(ROOT / "examples" / "content")
    bodies = list(reader.items(reader.read().documents))
    life.knowledge.staging.push_items(life.source, [read_item(body) for body in bodies], [])
    life.publish()
    export = exporting.whole()
    assert (export.state, export.items) == ("completed", len(bodies))
    other, job = exporting.take_back(exporting.file_of(export))
    assert job.counts.created == len(bodies) > 50
    assert other.current.root_hash == life.current.root_hash


def test_many_items_are_taken_back_unchanged(exporting: Exporting) -> None:
    """A million of them in the soak, which is one file."""
    text = b"".join(line(draft(f"item-{number}", f"{number} {'words ' * 40}")) for number in range(ITEMS))
    life, job = exporting.take_back(gzip.compress(text, 1))
    assert job.counts.created == ITEMS
    first = Exporting(life)
    export = first.whole()
    body = first.file_of(export)
    assert (export.state, export.items, export.bytes) == ("completed", ITEMS, len(body))
    assert export.parts == 1 + len(body) // (PART_BYTES + 4096), "every part but the last is full"
    other, again = exporting.take_back(body)
    assert (again.counts.created, again.rejected) == (ITEMS, 0)
    assert other.current.root_hash == life.current.root_hash == export.root_hash


def test_file_has_what_is_served_and_nothing_else(exporting: Exporting, monkeypatch: pytest.MonkeyPatch) -> None:
    small_parts(monkeypatch, exporting, 900)
    life = exporting.life
    life.push_many(many(40))
    first = life.publish()
    life.push("item-000007", **{"item-000003": "changed", "later": "new"})
    life.publish()
    life.clock.advance(days=3)
    life.push("item-000008")
    life.clock.advance(days=5)
    life.publish()
    export = exporting.whole()
    assert export.parts > 3
    found = {line["externalItemId"]: line["content"] for line in lines_of(exporting.file_of(export))}
    assert found == life.served()
    assert "item-000007" not in found
    assert found["item-000008"], "an item in its days of grace is served"
    older = exporting.whole(first.generation_id)
    names = [line["externalItemId"] for line in lines_of(exporting.file_of(older))]
    assert sorted(names) == sorted(many(40))
    other, _ = exporting.take_back(exporting.file_of(older))
    assert other.current.root_hash == older.root_hash


def test_parts_that_end_anywhere_make_the_same_file(exporting: Exporting, monkeypatch: pytest.MonkeyPatch) -> None:
    exporting.life.push_many(many(70))
    exporting.life.publish()
    whole = exporting.file_of(exporting.whole())
    for part_bytes in (1, 500, len(whole) - 1, len(whole)):
        small_parts(monkeypatch, exporting, part_bytes)
        assert exporting.file_of(exporting.whole()) == whole


def test_generation_of_nothing_is_exported(exporting: Exporting) -> None:
    life = exporting.life
    life.push(a="one")
    life.publish()
    life.push("a")
    life.clock.advance(days=8)
    life.publish()
    export = exporting.whole()
    assert (export.state, export.items, export.parts) == ("completed", 0, 1)
    assert lines_of(exporting.file_of(export)) == []


def test_export_is_found_under_its_generation_alone(exporting: Exporting) -> None:
    life = exporting.life
    life.push(a="one")
    first = life.publish()
    export = exporting.whole()
    life.push(a="two")
    life.publish()
    service, source = life.knowledge.exports.service, life.source
    older = life.knowledge.generations.get_generation(source, first.generation_id)
    page = service.list_exports(source, older, limit=5, position=None)
    assert [each.export_id for each in page.items] == [export.export_id]
    assert service.list_exports(source, life.current, limit=5, position=None).items == []
    with pytest.raises(ExportNotFoundError):
        service.get_export(source, life.current, export.export_id)


def test_file_expires(exporting: Exporting) -> None:
    exporting.life.push(a="one")
    exporting.life.publish()
    export = exporting.whole()
    service = exporting.life.knowledge.exports.service
    assert service.make_link(export) is not None
    assert export.expires_at is not None
    exporting.life.clock.advance(ms=EXPORT_KEPT_MS)
    expired = exporting.get(export)
    assert (expired.state, service.make_link(expired)) == ("expired", None)


def test_no_more_exports_at_once_than_a_tenant_may_have(exporting: Exporting, monkeypatch: pytest.MonkeyPatch) -> None:
    exporting.life.push(a="one")
    exporting.life.publish()
    monkeypatch.setattr(export_store, "EXPORTS_UNDER_WAY", 2)
    first = exporting.create()
    exporting.create()
    with pytest.raises(ExportLimitError):
        exporting.create()
    exporting.life.export_machine.executions[first.export_id].status = "ABORTED"
    exporting.run()
    exporting.create()
    # The one whose execution was lost gives its place up when nobody can be at work on it.
    with pytest.raises(ExportLimitError):
        exporting.create()
    exporting.life.clock.advance(ms=EXPORT_SILENT_MS)
    shown = exporting.get(first)
    assert shown.state == "failed"
    exporting.create()
    stored = exporting.get(first)
    assert (stored.state, stored.last_error.code) == ("failed", "export_failed")
    assert stored.last_error.message == shown.last_error.message


def test_repeated_creation_makes_one_export(exporting: Exporting) -> None:
    exporting.life.push(a="one")
    exporting.life.publish()
    first = exporting.create()
    exporting.life.export_machine.executions.clear()
    again = exporting.create(export_id=first.export_id)
    assert again == first
    assert list(exporting.life.export_machine.executions) == [first.export_id], "it is started again"
    exporting.run()
    exporting.create(export_id=first.export_id)
    later = exporting.create(earlier_id=first.export_id)
    assert later.export_id == first.export_id
    assert len(exporting.life.export_machine.executions) == 1


def test_key_that_ended_ends_its_export(exporting: Exporting) -> None:
    exporting.life.push(a="one")
    exporting.life.publish()
    export = exporting.create(by=BY)
    exporting.life.export_keys.end = "The key k is revoked."
    exporting.run()
    ended = exporting.get(export)
    assert (ended.state, ended.last_error.code) == ("failed", "export_key_ended")
    assert ended.last_error.message.startswith("The key k is revoked.")


def test_retired_generation_is_not_exported(exporting: Exporting) -> None:
    life = exporting.life
    life.push(a="one")
    first = life.publish()
    export = exporting.create()
    life.push(a="two")
    life.publish()
    generation = life.knowledge.generations.get_generation(life.source, first.generation_id)
    life.knowledge.stores.generations.retire_generation(generation, life.clock())
    with pytest.raises(GenerationRetiredError):
        exporting.create(first.generation_id)
    exporting.run()
    ended = exporting.get(export)
    assert ended.state == "failed"
    assert "not kept any more" in ended.last_error.message
