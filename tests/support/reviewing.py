"""What somebody reads who reviews a run, and holding what is published against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from knowledge.generations.change_lists import Asked
from knowledge.generations.model import ChangedItem

from testing.lifecycle import Lifecycle


@dataclass
class Review:
    """The changes of one plan of a run, with their contents."""

    plan_version: int = 0
    base_id: str | None = None
    seen: dict[str, ChangedItem] = field(default_factory=dict)

    def check(self, world: Lifecycle, generation_id: str) -> None:
        """A generation is the base with what was reviewed, and nothing else."""
        expected = {} if self.base_id is None else world.served(self.base_id)
        for name, shown in self.seen.items():
            before = None if shown.before is None else shown.before.fields.get("content")
            assert before in (None, expected.get(name)), f"{name} was shown with another text than was served"
            if shown.after is None:
                del expected[name]
            elif "content" in shown.after.fields:
                expected[name] = shown.after.fields["content"]
        assert world.served(generation_id) == expected, "what is published is not what was reviewed"


def review(world: Lifecycle, run_id: str, limit: int = 2) -> Review:
    """Read all pages of a run's changes, as somebody does before they apply it."""
    found, position, reviewer = Review(), None, world.knowledge.reviewer
    while True:
        asked: Any = Asked(None, limit, position, include_content=True)
        page, found.plan_version = reviewer.list_changes(world.source, run_id, asked)
        found.seen |= {shown.change.external_item_id: shown for shown in page.items}
        position = page.next_position
        if position is None:
            break
    plan = world.knowledge.stores.runs.get_run(world.source_id, run_id).plan
    found.base_id = None if plan is None or plan.version != found.plan_version else plan.base_generation_id
    return found
