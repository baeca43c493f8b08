"""A removal that overtakes the item it removes: its version is remembered, and nobody sees more than that."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.errors import ItemNotFoundError, StaleVersionError
from knowledge.items.model import ItemDraft, Removal
from knowledge.staging.model import PushResult

from testing.lifecycle import draft
from tests.functional.lifecycle.conftest import Checked


def at_version(version: int) -> ItemDraft:
    """The item, at a version."""
    made = draft("late", f"version {version}")
    return ItemDraft("late", made.title, made.content, content_type=made.content_type, source_version=version)


def push(lifecycle: Checked, version: int) -> PushResult:
    """Push the item in a batch."""
    (pushed,) = lifecycle.knowledge.staging.push_items(lifecycle.source, [at_version(version)])
    return pushed.result


@pytest.fixture(params=["alone", "in a batch"])
def removed_first(lean_lifecycle: Checked, request: Any) -> Checked:
    staging = lean_lifecycle.knowledge.staging
    if request.param == "alone":
        with pytest.raises(ItemNotFoundError):
            staging.remove_item(lean_lifecycle.source, "late", 10)
    else:
        (result,) = staging.push_items(lean_lifecycle.source, [], [Removal("late", 10)])
        assert result.result is PushResult.UNCHANGED
    return lean_lifecycle


def test_older_push_does_not_bring_the_item(removed_first: Checked) -> None:
    staging = removed_first.knowledge.staging
    assert push(removed_first, 5) is PushResult.STALE
    with pytest.raises(StaleVersionError):
        staging.push_item(removed_first.source, at_version(9))
    assert push(removed_first, 11) is PushResult.CREATED
    assert staging.get_item(removed_first.source, "late").source_version == 11


def test_nobody_sees_the_mark(removed_first: Checked) -> None:
    staging, source = removed_first.knowledge.staging, removed_first.source
    for look in (staging.get_item, staging.restore_item, staging.remove_item):
        with pytest.raises(ItemNotFoundError):
            look(source, "late")
    options: dict[str, Any] = {"prefix": None, "limit": 10, "position": None, "include_content": False}
    assert not staging.list_items(source, state=None, **options).items
    removed_first.push(other="x")
    for mode in ("incremental", "full"):
        removed_first.apply(removed_first.run(mode))
    assert set(removed_first.served()) == {"other"}
    removed_first.check(settled=True)


def test_mark_lasts_as_long_as_a_tombstone(removed_first: Checked) -> None:
    removed_first.clock.advance(days=29)
    # A later removal is remembered anew.
    removed_first.knowledge.staging.push_items(removed_first.source, [], [Removal("late", 12)])
    removed_first.clock.advance(days=29)
    assert push(removed_first, 11) is PushResult.STALE
    removed_first.clock.advance(days=1, seconds=1)
    assert push(removed_first, 5) is PushResult.CREATED


def test_removal_without_a_version_leaves_no_mark(lean_lifecycle: Checked) -> None:
    lean_lifecycle.knowledge.staging.push_items(lean_lifecycle.source, [], [Removal("late")])
    assert push(lean_lifecycle, 0) is PushResult.CREATED
