"""One source of the lifecycle under test, with the clock held and ids counted, so that a test repeats to the byte."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from knowledge.actors import Actor
from knowledge.assembly import KnowledgeServices
from knowledge.errors import TransientApplyError
from knowledge.generations.change_lists import Asked
from knowledge.generations.model import Generation, GenerationItem
from knowledge.items.model import ItemDraft, Removal
from knowledge.model import Change
from knowledge.runs.model import ApplyOutcome, Run, RunMode
from knowledge.settings import Settings
from knowledge.sources.model import Source
from knowledge.staging.model import ItemResult
from knowledge.storage.clients import Fanout

from testing.export_machine import InlineExportMachine
from testing.held_clock import HeldClock
from testing.import_machine import InlineImportMachine
from testing.inline_machine import InlineMachine

TENANT = "tenant-a"
_series = itertools.count(1)


@dataclass
class CountedIds:
    """Ids in the shape of ULIDs that count up: two worlds never meet, and one world repeats."""

    series: str = field(default_factory=lambda: f"{next(_series):012d}")
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __call__(self, prefix: str) -> str:
        return f"{prefix}_{self.series}{next(self._numbers):014d}"


def draft(external_item_id: str, content: str, **rest: Any) -> ItemDraft:
    """An item whose title says which it is."""
    return ItemDraft(external_item_id, rest.pop("title", f"Title of {external_item_id}"), content, **rest)


@dataclass
class ImportKeys:
    """What is known of the keys that ask for imports: they may, until `end` says why not. `looks` counts the asking."""

    end: str | None = None
    looks: int = 0

    def find_end(self, tenant_id: str, source_id: str, by: Actor, *, apply: bool) -> str | None:
        """See `knowledge.ports.ImportPermission`."""
        assert tenant_id and source_id and by and apply in {True, False}
        self.looks += 1
        return self.end


@dataclass
class ExportKeys:
    """What is known of the keys that ask for exports: they may, until `end` says why not."""

    end: str | None = None

    def find_end(self, tenant_id: str, source_id: str, by: Actor) -> str | None:
        """See `knowledge.ports.ExportPermission`."""
        assert tenant_id and source_id and by
        return self.end


class Lifecycle:
    """A source, the services around it, and short words for what a client does with them."""

    def __init__(
        self,
        settings: Settings,
        clients: Any,
        *,
        clock: HeldClock | None = None,
        ids: Callable[[str], str] | None = None,
        machine: Callable[[KnowledgeServices], Any] = InlineMachine,
        tenant_id: str | None = None,
        grace_days: int = 7,
    ) -> None:
        self.clock = clock or HeldClock()
        self.ids = ids or CountedIds()
        self.import_machine = InlineImportMachine(self.clock)
        self.import_keys = ImportKeys()
        self.export_machine = InlineExportMachine(self.clock)
        self.export_keys = ExportKeys()
        self.knowledge = KnowledgeServices(
            settings,
            clients=clients,
            clock=self.clock,
            new_id=self.ids,
            fanout=Fanout(1),
            machine=machine,
            import_machine=self.import_machine,
            import_permission=lambda _: self.import_keys,
            export_machine=self.export_machine,
            export_permission=lambda _: self.export_keys,
        )
        self.import_machine.knowledge = self.export_machine.knowledge = self.knowledge
        self.settings = settings
        self.clients = clients
        # A tenant a world: one would come to have more sources than it may.
        self.tenant_id = tenant_id or (f"{TENANT}-{self.ids.series}" if isinstance(self.ids, CountedIds) else TENANT)
        self.source_id = self.ids("src")
        self.knowledge.sources.create_source(
            self.tenant_id, name="Help", grace_days=grace_days, removal_guard=None, source_id=self.source_id
        )

    @property
    def source(self) -> Source:
        """The source as it is now."""
        return self.knowledge.sources.get_source(self.tenant_id, self.source_id)

    def push(self, *removals: str, **contents: str) -> list[ItemResult]:
        """Stage contents by id, and removals, in one batch."""
        items = [draft(name, content) for name, content in contents.items()]
        return self.knowledge.staging.push_items(self.source, items, [Removal(name) for name in removals])

    def push_many(self, contents: Mapping[str, str]) -> list[ItemResult]:
        """Stage contents whose ids are no identifiers."""
        return self.knowledge.staging.push_items(self.source, [draft(name, text) for name, text in contents.items()])

    def remove(self, external_item_id: str, source_version: int | None = None) -> Any:
        """Remove one item."""
        return self.knowledge.staging.remove_item(self.source, external_item_id, source_version)

    def restore(self, external_item_id: str) -> Any:
        """Bring one item back."""
        return self.knowledge.staging.restore_item(self.source, external_item_id)

    def run(self, mode: str = "incremental", run_id: str | None = None) -> Run:
        """Start a run and wait for its plan."""
        return self.knowledge.runs.create_run(self.source, RunMode(mode), run_id=run_id or self.ids("run"))

    def apply(self, run: Run | str, **approved: Any) -> ApplyOutcome:
        """Apply a run."""
        return self.knowledge.runs.apply_run(self.source, run if isinstance(run, str) else run.run_id, **approved)

    def apply_patiently(self, run: Run | str, *, tries: int = 5, **approved: Any) -> ApplyOutcome:
        """Apply as a client does that honours `Retry-After` on the transient refusals."""
        for _ in range(tries - 1):
            try:
                return self.apply(run, **approved)
            except TransientApplyError:
                self.clock.advance(seconds=20)
        return self.apply(run, **approved)

    def publish(self, mode: str = "incremental") -> ApplyOutcome:
        """Run and apply."""
        return self.apply(self.run(mode))

    def roll_back(self, generation_id: str, new_id: str | None = None) -> ApplyOutcome:
        """Publish an older generation anew."""
        return self.knowledge.restorer.restore_generation(
            self.source, generation_id, new_generation_id=new_id or self.ids("gen")
        )

    def compare(self, generation_id: str, from_id: str | None, limit: int = 3) -> dict[str, Change]:
        """What a generation serves differently from another, page by page."""
        reader, source = self.knowledge.generations, self.source
        after = reader.get_generation(source, generation_id)
        before = None if from_id is None else reader.get_generation(source, from_id)
        found: dict[str, Change] = {}
        position = None
        while True:
            page = reader.list_changes(after, before, kind=None, limit=limit, position=position)
            assert len(page.items) <= limit
            assert not found.keys() & {change.external_item_id for change in page.items}
            found |= {change.external_item_id: change for change in page.items}
            position = page.next_position
            if position is None:
                return found

    def changes(self, run: Run) -> list[Change]:
        """Every change of a run, page by page."""
        found: list[Change] = []
        position = None
        while True:
            page, _ = self.knowledge.reviewer.list_changes(self.source, run.run_id, Asked(None, 3, position))
            found.extend(each.change for each in page.items)
            position = page.next_position
            if position is None:
                return found

    def kinds(self, run: Run) -> dict[str, str]:
        """What a run does to each item it changes."""
        return {change.external_item_id: str(change.kind) for change in self.changes(run)}

    @property
    def current(self) -> Generation:
        """The generation that serves."""
        return self.knowledge.generations.get_generation(self.source, "current")

    def generation_items(self, generation_id: str = "current") -> list[GenerationItem]:
        """Everything a generation serves, with contents."""
        generation = self.knowledge.generations.get_generation(self.source, generation_id)
        found: list[GenerationItem] = []
        position = None
        while True:
            page = self.knowledge.generations.list_items(generation, limit=7, position=position, include_content=True)
            found.extend(page.items)
            position = page.next_position
            if position is None:
                return found

    def served(self, generation_id: str = "current") -> dict[str, str | None]:
        """The contents that a generation serves, by id."""
        return {item.external_item_id: item.content for item in self.generation_items(generation_id)}

    def set_on_source(self, **attributes: Any) -> None:
        """Write attributes onto the source's row behind the services' back (None removes one)."""
        sets = {name: value for name, value in attributes.items() if value is not None}
        removes = sorted(attributes.keys() - sets.keys())
        expression = ("SET " + ", ".join(f"#{name} = :{name}" for name in sets)) if sets else ""
        if removes:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in removes)
        request: dict[str, Any] = {"ExpressionAttributeNames": {f"#{name}": name for name in attributes}}
        if sets:
            request["ExpressionAttributeValues"] = {
                f":{name}": {"N": str(value)} if isinstance(value, int) else {"S": value}
                for name, value in sets.items()
            }
        self.clients.dynamodb.update_item(
            TableName=self.settings.catalog_table,
            Key={"pk": {"S": self.tenant_id}, "sk": {"S": f"source#{self.source_id}"}},
            UpdateExpression=expression,
            **request,
        )


def clients_of(resources: Any) -> SimpleNamespace:
    """botocore clients of the tables and the bucket, without retries of their own."""
    once = {"retries": {"total_max_attempts": 1}}
    return SimpleNamespace(dynamodb=resources.client("dynamodb", **once), s3=resources.client("s3", **once))


def settings_of(resources: Any) -> Settings:
    """The names of the tables and the bucket."""
    return Settings(
        catalog_table=resources.table_name("CatalogTable"),
        audit_table=resources.table_name("AuditTable"),
        items_table=resources.table_name("ItemsTable"),
        questions_table=resources.table_name("QuestionsTable"),
        content_bucket=resources.bucket,
    )
