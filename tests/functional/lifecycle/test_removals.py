"""Removal, grace, tombstones and their way back."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.errors import ItemNotFoundError
from knowledge.staging.model import ItemState, PushResult

DAY_MS = 86_400_000


def _removed_and_published(lifecycle: Any) -> int:
    lifecycle.push(a="one", b="two")
    lifecycle.publish()
    lifecycle.remove("a")
    removed_at = lifecycle.clock()
    lifecycle.publish()
    return removed_at


def test_removed_item_is_served_until_its_grace_is_over(lifecycle: Any) -> None:
    removed_at = _removed_and_published(lifecycle)
    view = lifecycle.knowledge.staging.get_item(lifecycle.source, "a")
    assert (view.state, view.removed_at) == (ItemState.REMOVED, removed_at)
    assert view.tombstone_due_at == removed_at + 7 * DAY_MS
    assert lifecycle.served() == {"a": "one", "b": "two"}

    lifecycle.clock.advance(days=7, ms=-1)
    assert lifecycle.run().plan.counts.changes == 0
    lifecycle.clock.advance(ms=1)
    outcome = lifecycle.publish()

    assert (outcome.counts.tombstoned, lifecycle.served()) == (1, {"b": "two"})
    lifecycle.check(settled=True)


def test_tombstone_row_expires_thirty_days_after_publication(lifecycle: Any) -> None:
    _removed_and_published(lifecycle)
    lifecycle.clock.advance(days=8)
    run = lifecycle.run()
    lifecycle.clock.advance(days=1)
    lifecycle.apply(run)
    published_at = lifecycle.current.published_at
    row = lifecycle.check(settled=True).rows["a"]

    assert (row["state"], row["tombstonedAt"]) == ("tombstoned", published_at)
    assert row["expiresAt"] == (published_at + 30 * DAY_MS) // 1000
    lifecycle.clock.advance(days=30, seconds=1)
    with pytest.raises(ItemNotFoundError):
        lifecycle.knowledge.staging.get_item(lifecycle.source, "a")
    assert [result.result for result in lifecycle.push(a="again")] == [PushResult.CREATED]
    lifecycle.publish()
    assert lifecycle.served() == {"a": "again", "b": "two"}
    lifecycle.check(settled=True)


def test_grace_of_zero_drops_at_the_next_run(lifecycle: Any) -> None:
    lifecycle.knowledge.sources.update_source(lifecycle.tenant_id, lifecycle.source_id, grace_days=0)
    lifecycle.push(a="one", b="two")
    lifecycle.publish()
    lifecycle.remove("a")

    assert lifecycle.kinds(lifecycle.run()) == {"a": "tombstoned"}
    lifecycle.publish()
    assert lifecycle.served() == {"b": "two"}
    lifecycle.check(settled=True)


@pytest.mark.parametrize(("grace_days", "kinds"), [(2, {"a": "tombstoned"}), (0, {"a": "tombstoned"}), (30, {})])
def test_changed_grace_is_honoured_by_the_next_run(lifecycle: Any, grace_days: int, kinds: dict[str, str]) -> None:
    _removed_and_published(lifecycle)
    lifecycle.clock.advance(days=3 if grace_days < 7 else 8)
    lifecycle.knowledge.sources.update_source(lifecycle.tenant_id, lifecycle.source_id, grace_days=grace_days)

    assert lifecycle.kinds(lifecycle.run()) == kinds
    assert lifecycle.kinds(lifecycle.run("full")) == kinds


def test_restore_in_grace_brings_the_item_back(lifecycle: Any) -> None:
    _removed_and_published(lifecycle)
    lifecycle.clock.advance(days=6)
    lifecycle.restore("a")

    assert lifecycle.kinds(lifecycle.run()) == {"a": "restored"}
    lifecycle.publish()
    lifecycle.clock.advance(days=8)
    assert lifecycle.run().plan.counts.changes == 0
    assert lifecycle.served() == {"a": "one", "b": "two"}
    lifecycle.check(settled=True)


def test_restore_after_the_tombstone_brings_the_last_content_back(lifecycle: Any) -> None:
    _removed_and_published(lifecycle)
    lifecycle.clock.advance(days=8)
    lifecycle.publish()
    view = lifecycle.restore("a")

    assert (view.state, view.content) == (ItemState.ACTIVE, "one")
    assert lifecycle.kinds(lifecycle.run()) == {"a": "added"}
    lifecycle.publish()
    assert lifecycle.served() == {"a": "one", "b": "two"}
    assert "expiresAt" not in lifecycle.check(settled=True).rows["a"]


def test_pushed_again_in_grace_with_other_content_is_an_update(lifecycle: Any) -> None:
    _removed_and_published(lifecycle)
    lifecycle.push(a="better")

    assert lifecycle.kinds(lifecycle.run()) == {"a": "updated"}
    lifecycle.publish()
    assert lifecycle.served() == {"a": "better", "b": "two"}
    lifecycle.check(settled=True)


def test_changed_then_removed_before_any_run_serves_the_published_content(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="two")
    lifecycle.publish()
    lifecycle.push(a="never published")
    lifecycle.remove("a")

    assert lifecycle.kinds(lifecycle.run()) == {"a": "removed"}
    lifecycle.publish()
    assert lifecycle.served() == {"a": "one", "b": "two"}
    lifecycle.check(settled=True)
    lifecycle.restore("a")
    lifecycle.publish()
    assert lifecycle.served()["a"] == "never published"


def test_added_then_removed_before_any_run_is_never_served(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="two")
    lifecycle.remove("a")
    run = lifecycle.run()

    assert (lifecycle.kinds(run), run.plan.drops) == ({"b": "added"}, 1)
    lifecycle.apply(run)
    assert lifecycle.served() == {"b": "two"}
    assert lifecycle.check(settled=True).rows["a"]["state"] == "tombstoned"


def test_removed_again_with_a_later_time_is_served_longer(lifecycle: Any) -> None:
    _removed_and_published(lifecycle)
    lifecycle.clock.advance(days=5)
    lifecycle.restore("a")
    lifecycle.remove("a")
    lifecycle.clock.advance(days=3)

    assert lifecycle.kinds(lifecycle.run()) == {"a": "removed"}
    lifecycle.publish()
    assert "a" in lifecycle.served()
    lifecycle.clock.advance(days=4)
    lifecycle.publish()
    assert "a" not in lifecycle.served()
    lifecycle.check(settled=True)


def test_higher_version_on_a_removed_row_keeps_it_in_the_journal(lifecycle: Any) -> None:
    _removed_and_published(lifecycle)
    lifecycle.clock.advance(days=8)
    run = lifecycle.run()
    with pytest.raises(ItemNotFoundError):
        lifecycle.remove("a", source_version=4)
    lifecycle.apply(run)

    assert "a" not in lifecycle.served()
    lifecycle.push(canary="x")
    lifecycle.publish()
    assert lifecycle.check(settled=True).rows["a"]["state"] == "tombstoned"


def test_clean_up_that_was_cut_short_is_taken_up_by_the_next_run(
    lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _removed_and_published(lifecycle)
    lifecycle.clock.advance(days=8)
    settler = type(lifecycle.knowledge.settler)
    with monkeypatch.context() as patched:
        patched.setattr(settler, "settle_plan", lambda *_: True)
        lifecycle.publish()
    assert lifecycle.source.settle_run_id is not None
    assert lifecycle.check().rows["a"]["state"] == "removed"
    lifecycle.run()

    lifecycle.check(settled=True)
