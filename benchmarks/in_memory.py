"""A table and a bucket in memory, and a source on them: what is measured there is the functions' own code alone."""

from __future__ import annotations

import pickle
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import count
from types import SimpleNamespace
from typing import Any

from knowledge.generations.building import Builder
from knowledge.generations.eligibility import ApplyRequest
from knowledge.index.building import IndexBuilder
from knowledge.index.entries import Entry, path_of
from knowledge.index.names import ObjectKind, name_of
from knowledge.index.store import IndexStore
from knowledge.items.content import encode_item
from knowledge.items.model import ItemDraft
from knowledge.model import ObjectRef
from knowledge.runs.change_reader import ChangeReader
from knowledge.runs.model import Plan, Run, RunMode, RunState
from knowledge.runs.plan_parts import PlanParts
from knowledge.runs.planning import Planner
from knowledge.runs.turns import Turn
from knowledge.sources.model import Source, SourceStatus
from knowledge.staging.journal_store import JournalStore
from knowledge.staging.model import ItemState
from knowledge.staging.rows import RUN_ATTRIBUTES, JournalEntry, StagedRow, journal_attributes, row_attributes
from knowledge.staging.store import ItemStore
from knowledge.storage.clients import Fanout
from knowledge.storage.objects import ObjectStore

NOW = 1_795_000_000_000
# As pushes in batches leave them.
ITEMS_AN_ENTRY = 98
ITEMS_A_PACK = 25_000
TENANT, SOURCE, RUN = (f"{kind}_01KAQ5HZY6V7B2N3M4P5Q6R7S8" for kind in ("ten", "src", "run"))


@dataclass
class Table:
    """Items in memory: answers what botocore would have parsed. `seconds` is the processor time that took."""

    rows: dict[str, bytes] = field(default_factory=dict)
    journal: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Answer with rows made anew, as a client's parser does."""
        with self._aside():
            (table, asked), *_ = RequestItems.items()
            return {"Responses": {table: [pickle.loads(self.rows[key["sk"]["S"]]) for key in asked["Keys"]]}}

    def query(self, **_: Any) -> dict[str, Any]:
        """Answer with the journal."""
        return {"Items": self.journal}

    @contextmanager
    def _aside(self) -> Iterator[None]:
        began = time.thread_time()
        yield
        self.seconds += time.thread_time() - began


@dataclass
class Bucket:
    """Objects in memory, with their metadata; the calls are counted by their names."""

    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)

    def put_object(self, *, Key: str, Body: bytes, Metadata: dict[str, str], **_: Any) -> None:  # noqa: N803
        """Keep an object."""
        self.calls["PutObject"] += 1
        self.objects[Key] = (Body, Metadata)

    def get_object(self, *, Key: str, Range: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
        """Give an object back, or a range of it."""
        self.calls["GetObject"] += 1
        body, metadata = self.objects[Key]
        first, last = Range.removeprefix("bytes=").split("-") if Range else ("", "")
        piece = body[int(first) : int(last) + 1] if first else body[-int(last or len(body)) :]
        return {"Body": BytesIO(piece), "ContentRange": f"bytes */{len(body)}", "Metadata": metadata}

    def head_object(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Tell about an object."""
        self.calls["HeadObject"] += 1
        body, metadata = self.objects[Key]
        return {"Metadata": metadata, "ContentLength": len(body)}


@dataclass
class Runs:
    """The one run, which takes the plan that is made for it."""

    run: Run

    def get_run(self, *_: Any) -> Run:
        """Read it."""
        return self.run

    def set_plan(self, _key: Any, plan: Plan, *_: Any, **__: Any) -> bool:
        """Take a plan."""
        self.run = replace(self.run, plan=plan, plan_version=plan.version, state=RunState.READY)
        return True


class World:
    """A source of `items` staged rows: all new, or all with other contents than a published generation serves.

    One that is not `searched` has a published generation that is, as it were, too large for that.
    """

    def __init__(self, items: int, *, published: bool, searched: bool = True) -> None:
        self.table, self.bucket, fanout = Table(), Bucket(), Fanout(1)
        numbers, settle, sources = count(), _anything(), _anything()
        objects = ObjectStore(_anything(self.bucket), "bucket")
        index = IndexStore(objects, fanout)
        entries = self._stage(items)
        self.source = _source(_publish(objects, entries, searched=searched) if published else None)
        sources.get_source = sources.acquire_lease = sources.renew_lease = lambda *_: self.source
        rows, journal = (store(_anything(self.table), "Items", fanout) for store in (ItemStore, JournalStore))

        def new_id(prefix: str) -> str:
            return f"{prefix}_{next(numbers):026d}"

        @contextmanager
        def take_turn(*_: Any) -> Iterator[Turn]:
            yield Turn(self.source, None)

        stores = _anything()
        stores.planning_turns = SimpleNamespace(take_turn=take_turn)
        stores.sources, stores.runs, stores.items, stores.journal = sources, Runs(_run()), rows, journal
        stores.objects, stores.index, stores.fanout = objects, index, fanout
        stores.changes = ChangeReader(objects, fanout)
        stores.plan_parts = PlanParts(objects)
        self.planner = Planner(stores, settle, lambda: NOW, new_id)
        self.builder = Builder(stores, settle, lambda: NOW, new_id)

    def plan(self) -> int:
        """Plan the run as the machine does, from the journal to the plan; returns in how many invocations."""
        planned, invocations = self._cold().planner.plan_run(TENANT, SOURCE, RUN), 1
        while not planned.done:
            planned = self._cold().planner.plan_run(TENANT, SOURCE, RUN, planned.checkpoint)
            invocations += 1
        return invocations

    def build(self) -> None:
        """Make the publication of the run that was planned."""
        outcome = self._cold().builder.build_generation(ApplyRequest(TENANT, SOURCE, RUN))
        if outcome.publication is None or outcome.publication.generation.counts.total != len(self.table.rows):
            message = f"{outcome} does not publish every item"
            raise RuntimeError(message)

    def _cold(self) -> World:
        # Each invocation may be another process, which remembers nothing of the last.
        path_of.cache_clear()
        return self

    def _stage(self, items: int) -> dict[str, Entry | None]:
        """Put rows and journal into the table; returns what a generation of the items before serves."""
        entries: dict[str, Entry | None] = {}
        for number in range(items):
            name = f"doc-{number:06d}"
            item = encode_item(ItemDraft(name, f"Title of {name}", f"{'hello ' * 200}{name}"))
            row = StagedRow(
                name, 5, ItemState.ACTIVE, item.title, item.content_hash, item.content_bytes, item.fields, item.member,
                None, None, None, 0, NOW, NOW,
            )  # fmt: skip
            attributes = row_attributes(SOURCE, row)
            asked = {name: attributes[name] for name in RUN_ATTRIBUTES if name in attributes}
            self.table.rows[name] = pickle.dumps(asked)
            other = item.fields[:5] + bytes(4) + item.fields[9:]
            entries[name] = Entry(
                name, f"{number:064x}", item.title, number // ITEMS_A_PACK, 113, 113, 1200, None, other
            )
        names = list(entries)
        for start in range(0, items, ITEMS_AN_ENTRY):
            revs = tuple((name, 5) for name in names[start : start + ITEMS_AN_ENTRY])
            self.table.journal.append(journal_attributes(SOURCE, JournalEntry(f"jrn_{start:026d}", NOW, revs)))
        return entries


def _anything(value: object = None) -> Any:
    """Something that passes for whatever is asked for."""
    return SimpleNamespace() if value is None else value


def _publish(objects: ObjectStore, entries: dict[str, Entry | None], *, searched: bool) -> ObjectRef:
    run_id, attempt_id = f"run_{1:026d}", f"att_{1:026d}"
    builder = IndexBuilder(objects, TENANT, SOURCE, name_of(ObjectKind.RUN_INDEX, run_id, attempt_id, 0), None, None)
    for number in range(1 + len(entries) // ITEMS_A_PACK):
        builder.name_object(name_of(ObjectKind.RUN_PACK, run_id, attempt_id, number), 113, "0" * 64)
    builder.update(entries)
    if not searched:
        builder.drop_segments()
    built = builder.finish()
    if built is None:
        raise AssertionError
    return built.manifest


def _source(manifest: ObjectRef | None) -> Source:
    return Source(
        tenant_id=TENANT,
        source_id=SOURCE,
        name="bench",
        status=SourceStatus.ACTIVE,
        grace_days=7,
        removal_guard=None,
        settings_version=1,
        epoch=0,
        open_snapshot_id=None,
        open_snapshot_expires_at=None,
        generation_id=None if manifest is None else "gen_before",
        manifest=manifest,
        sequence=0,
        full_required=False,
        lease=None,
        lease_token=1,
        settle_run_id=None,
        created_at=NOW,
        updated_at=NOW,
    )


def _run() -> Run:
    return Run(
        tenant_id=TENANT,
        source_id=SOURCE,
        run_id=RUN,
        mode=RunMode.INCREMENTAL,
        state=RunState.PLANNING,
        plan_version=0,
        plan=None,
        generation_id=None,
        last_error=None,
        deadline_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )
