"""Lists at their bounds: what a page weighs, what it costs, and where the next one begins."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from knowledge.items.model import ItemDraft
from knowledge.pages import Page
from knowledge.staging.model import ItemState, StagedItem

from testing.lifecycle import draft
from tests.functional.lifecycle.conftest import Checked

LARGEST_PAGE_BYTES = 4_000_000


def listed(lifecycle: Checked, **asked: Any) -> Page[StagedItem]:
    options = {"state": None, "prefix": None, "limit": 200, "position": None, "include_content": False, **asked}
    return lifecycle.knowledge.staging.list_items(lifecycle.source, **options)


def pages(lifecycle: Checked, **asked: Any) -> list[Page[StagedItem]]:
    found = [listed(lifecycle, **asked)]
    while found[-1].next_position is not None:
        found.append(listed(lifecycle, **{**asked, "position": found[-1].next_position}))
    return found


def names(found: list[Page[StagedItem]]) -> list[str]:
    return [item.external_item_id for page in found for item in page.items]


def weight(page: Page[StagedItem]) -> int:
    """About what the page's JSON takes; the names of the fields come on top."""
    return sum(len(json.dumps(asdict(item), ensure_ascii=False).encode()) for item in page.items)


def test_page_without_contents_ends_at_4_mb_too(lean_lifecycle: Checked) -> None:
    """Metadata and tags that compress well are small in a row and large in an answer."""
    heavy = {"metadata": {"x": "m" * 16_000}, "tags": tuple(f"{number:02d}" + "é" * 62 for number in range(50))}
    items = [draft(f"doc-{number:03d}", "x", title="ü" * 500, **heavy) for number in range(200)]
    lean_lifecycle.knowledge.staging.push_items(lean_lifecycle.source, items)
    found = pages(lean_lifecycle)
    assert len(found) > 1
    assert max(weight(page) for page in found) <= LARGEST_PAGE_BYTES * 1.05
    assert names(found) == [item.external_item_id for item in items]


def test_page_of_contents_that_json_escapes_ends_at_4_mb(lean_lifecycle: Checked) -> None:
    """A control character takes one byte in a content and six in JSON."""
    items = [draft(f"doc-{number}", "\x01" * 600_000 + str(number)) for number in range(6)]
    lean_lifecycle.knowledge.staging.push_items(lean_lifecycle.source, items)
    found = pages(lean_lifecycle, include_content=True)
    assert max(weight(page) for page in found) <= LARGEST_PAGE_BYTES * 1.05
    assert [item.content for page in found for item in page.items] == [item.content for item in items]


def test_item_larger_than_a_page_comes_alone_and_the_list_goes_on(lean_lifecycle: Checked) -> None:
    large = "\U0001f600" * 250_000
    lean_lifecycle.push_many({f"doc-{number}": f"{large}{number}" for number in range(5)})
    found = pages(lean_lifecycle, include_content=True, limit=1)
    assert [len(page.items) for page in found] == [1] * 5


def test_rare_state_is_found_in_few_reads(lean_lifecycle: Checked) -> None:
    """A page looks at up to 5 000 rows, but not a handful at a time."""
    source, staging = lean_lifecycle.source, lean_lifecycle.knowledge.staging
    for start in range(0, 6_000, 3_000):
        staging.push_items(source, [draft(f"doc-{number:05d}", "x") for number in range(start, start + 3_000)])
    lean_lifecycle.remove("doc-05999")
    lean_lifecycle.watch.calls.clear()
    found = pages(lean_lifecycle, state=ItemState.REMOVED, limit=10)
    assert names(found) == ["doc-05999"]
    assert len(found) == 2
    assert len(lean_lifecycle.watch.calls) < 250


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_prefix_is_bytes_and_no_pattern(lean_lifecycle: Checked, limit: int) -> None:
    every = ["a", "a%", "a%b", "a_b", "é", "e\u0301", "é1", "\U0001f469", "\U0001f469\u200d\U0001f4bb", "A", "#journal"]
    lean_lifecycle.push_many(dict.fromkeys(every, "x"))
    for prefix in ("a", "a%", "é", "e", "\U0001f469", "#", "zz", ""):
        expected = sorted((name for name in every if name.startswith(prefix)), key=str.encode)
        assert names(pages(lean_lifecycle, prefix=prefix, limit=limit)) == expected


def test_tombstones_leave_the_list_with_their_time(lean_lifecycle: Checked) -> None:
    lean_lifecycle.push(a="x", b="x")
    lean_lifecycle.publish()
    lean_lifecycle.remove("a")
    lean_lifecycle.clock.advance(days=7)
    lean_lifecycle.publish()
    assert names(pages(lean_lifecycle, state=ItemState.TOMBSTONED)) == ["a"]
    lean_lifecycle.clock.advance(days=30, ms=-1000)
    assert names(pages(lean_lifecycle, state=ItemState.TOMBSTONED)) == ["a"]
    lean_lifecycle.clock.advance(ms=1000)
    assert names(pages(lean_lifecycle)) == ["b"]
    # The row still lies there; pushing the item again is a creation on top of it.
    assert lean_lifecycle.push(a="x")[0].result == "created"


def test_positions_stay_good_when_their_item_changes_state(lean_lifecycle: Checked) -> None:
    """A list by state goes on after a page's last item even if that item has left the state."""
    lean_lifecycle.push_many({f"doc-{number}": "x" for number in range(6)})
    first = listed(lean_lifecycle, state=ItemState.ACTIVE, limit=3)
    lean_lifecycle.remove(first.items[-1].external_item_id)
    rest = pages(lean_lifecycle, state=ItemState.ACTIVE, limit=3, position=first.next_position)
    assert names(rest) == ["doc-3", "doc-4", "doc-5"]


def test_ids_at_512_bytes_share_slots_and_order(lean_lifecycle: Checked) -> None:
    """Ids that differ in their last byte only, each 512 bytes long."""
    every = [f"{'x' * 511}{last}" for last in "abcdef"] + ["\U0001f600" * 128, "é" * 256]
    assert {len(name.encode()) for name in every} == {512}
    lean_lifecycle.knowledge.staging.push_items(lean_lifecycle.source, [ItemDraft(name, "T", name) for name in every])
    assert names(pages(lean_lifecycle, limit=3)) == sorted(every, key=str.encode)
    lean_lifecycle.publish()
    assert lean_lifecycle.served() == {name: name for name in every}
