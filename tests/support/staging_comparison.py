"""A lifecycle and the model of it side by side: does a thing to both, and compares what can be seen of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from knowledge.errors import KnowledgeError
from knowledge.items.fields import DETAILS
from knowledge.items.model import ItemDraft
from knowledge.model import ChangeKind

from testing.lifecycle import Lifecycle
from tests.support.invariants import root_hash
from tests.support.staging_model import DAY, Model, ModelRun, ModelSnapshot
from tests.support.staging_model_items import RefusedError, content_hash


class SideBySide:
    """The comparisons; `numbers` tells which number the model gave to a generation."""

    life: Lifecycle
    model: Model
    numbers: dict[str, int]

    @property
    def now(self) -> int:
        return self.life.clock.now

    def both(self, product: Callable[[], Any], model: Callable[[], Any]) -> tuple[Any, Any] | None:
        """Do it on both sides; None when both refuse it alike."""
        # No two requests come in the same millisecond, which is what tells a part's write from one before the opening.
        self.life.clock.now += 1
        refused, done, expected = None, None, None
        try:
            expected = model()
        except RefusedError as error:
            refused = str(error)
        try:
            done = product()
        except KnowledgeError as error:
            assert type(error).__name__ == refused
            return None
        assert refused is None, f"{refused} was expected"
        return done, expected

    def compare_snapshot(self, snapshot: ModelSnapshot) -> None:
        view = self.life.knowledge.snapshots.get_snapshot(self.life.source, snapshot.snapshot_id)
        found = (view.parts, view.items, {name: getattr(view.counts, name) for name in snapshot.counts})
        expected = (len(snapshot.parts), sum(len(part) for part, _ in snapshot.parts.values()), snapshot.counts)
        assert found == expected
        assert str(view.state) == snapshot.state_at(self.now)

    def compare_run(self, run_id: str, planned: ModelRun) -> None:
        run = self.life.knowledge.runs.get_run(self.life.source, run_id)
        assert run.plan is not None
        assert run.plan_version == planned.version
        assert str(run.plan.discovery) == ("incomplete" if planned.incomplete else "complete")
        assert {name: getattr(run.plan.counts, name) for name in planned.counts} == planned.counts
        assert run.plan.drops == len(planned.drops)
        found = {change.external_item_id: change for change in self.life.changes(run)}
        assert {name: str(change.kind) for name, change in found.items()} == {
            name: kind for name, (kind, _) in planned.changes.items()
        }
        base = self.model.generations[planned.base]
        for name, (_, after) in planned.changes.items():
            entry = after or base[name]
            assert found[name].content_hash == content_hash(entry.draft)
            assert found[name].removed_at == (after and after.removed_at)
            if found[name].kind is ChangeKind.UPDATED:
                assert set(found[name].fields) == _differences(entry.draft, base[name].draft)

    def compare_generation(self) -> None:
        current, served = self.life.current, self.model.served
        assert self.numbers[current.generation_id] == current.sequence == self.model.generation
        found = {
            item.external_item_id: (
                ItemDraft(
                    item.external_item_id,
                    item.title,
                    item.content or "",
                    **{name: getattr(item.details, name) for name in DETAILS},
                ),
                item.removed_at,
            )
            for item in self.life.generation_items()
        }
        assert found == {name: tuple(entry) for name, entry in served.items()}
        assert current.root_hash == root_hash({name: content_hash(entry.draft) for name, entry in served.items()})
        assert current.counts.total == len(served)

    def compare_staging(self, limit: int) -> None:
        model, due_after = self.model, self.model.grace_days * DAY
        expected = []
        for name in sorted(model.items, key=str.encode):
            item = model.item(name, self.now)
            if item is not None and item.state != "absent":
                due = None if item.state != "removed" else (item.removed_at or 0) + due_after
                expected.append(
                    (name, item.state, content_hash(item.draft), item.version, item.removed_at, due, item.tombstoned_at)
                )
        found, position = [], None
        while True:
            page = self.life.knowledge.staging.list_items(
                self.life.source, state=None, prefix=None, limit=limit, position=position, include_content=False
            )
            found += [
                (
                    item.external_item_id,
                    str(item.state),
                    item.content_hash,
                    item.source_version,
                    item.removed_at,
                    item.tombstone_due_at,
                    item.tombstoned_at,
                )
                for item in page.items
            ]
            position = page.next_position
            if position is None:
                break
        assert found == expected
        _, pending = self.life.knowledge.staging.find_pending(self.life.source)
        active = sum(state == "active" for _, state, *_ in expected)
        # More than the 200 entries that are looked at are rare here.
        assert pending is not None
        assert pending.staged_items in ({active, None} if pending.more else {active})


def _differences(one: ItemDraft, other: ItemDraft) -> set[str]:
    fields = {"title": "title", "content": "content", "url": "url", "language": "language"}
    fields |= {"tags": "tags", "metadata": "metadata", "content_type": "contentType"}
    return {shown for name, shown in fields.items() if getattr(one, name) != getattr(other, name)}
