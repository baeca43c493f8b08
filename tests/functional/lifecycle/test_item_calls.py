"""What reading one item of a generation costs."""

from __future__ import annotations

from functools import partial

import pytest

from testing.lifecycle import Lifecycle, draft
from tests.functional.lifecycle.test_review_calls import calls_of


@pytest.mark.parametrize(("items", "gets"), [(400, [2, 3]), (1500, [2, 4])])
def test_item_of_a_generation_is_read_by_the_way_to_it_alone(lifecycle: Lifecycle, items: int, gets: list[int]) -> None:
    """The end of the index and the content; for what came with an earlier generation pieces of its index between them.

    First an item that changed last, then one that did not.
    """
    push = lifecycle.knowledge.staging.push_items
    names = [f"item-{number}" for number in range(items)]
    for start in range(0, items, 500):
        push(lifecycle.source, [draft(name, name) for name in names[start : start + 500]], [])
    lifecycle.publish()
    push(lifecycle.source, [draft(names[0], "another")], [])
    lifecycle.publish()
    reader = lifecycle.knowledge.generations
    generation = reader.get_generation(lifecycle.source, "current")
    ends = (names[0], names[-1])
    assert [calls_of(lifecycle, partial(reader.get_item, generation, name)) for name in ends] == gets
