"""What a page of changes with contents costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from knowledge.generations.change_lists import Asked

from testing.lifecycle import Lifecycle, draft


def calls_of(lifecycle: Lifecycle, read: Callable[[], object]) -> int:
    """How often the bucket is asked."""
    met: list[str] = []

    def note(model: Any, **_: Any) -> None:
        met.append(model.name)

    events = lifecycle.clients.s3.meta.events
    events.register("before-call.s3", note)
    read()
    events.unregister("before-call.s3", note)
    return len(met)


def test_page_of_changes_with_contents_reads_neighbours_together(lifecycle: Lifecycle) -> None:
    """The changes, and of both states the end, with the leaves of a small source, and the contents by one range."""
    push = lifecycle.knowledge.staging.push_items
    names = [f"item-{number}" for number in range(400)]
    push(lifecycle.source, [draft(name, f"{name} first") for name in names], [])
    lifecycle.publish()
    push(lifecycle.source, [draft(name, f"{name} second") for name in names[:200]], [])
    run = lifecycle.run()
    reviewer, source = lifecycle.knowledge.reviewer, lifecycle.source

    def read(*, include_content: bool) -> None:
        page, _ = reviewer.list_changes(source, run.run_id, Asked(None, 200, None, include_content))
        assert len(page.items) == 200
        assert all((each.before is not None) is include_content for each in page.items)

    assert calls_of(lifecycle, lambda: read(include_content=False)) == 1
    assert calls_of(lifecycle, lambda: read(include_content=True)) == 5
