"""Ids: their shape, and what derived ones stand for."""

from __future__ import annotations

from knowledge.ids import derived_id, is_id, new_id


def test_ids_have_their_shape_and_derived_ones_are_one_to_one_with_tenant_and_key() -> None:
    assert is_id("src", new_id("src"))
    assert not is_id("run", new_id("src"))
    assert not is_id("src", new_id("src") + "0")
    assert derived_id("src", "t1", "k", 1) == derived_id("src", "t1", "k", 1)
    asked = [
        ("src", "t1", "k", 1),
        ("src", "t2", "k", 1),
        ("src", "t1", "l", 1),
        ("run", "t1", "k", 1),
        ("src", "t1", "k", 2),
    ]
    made = {derived_id(*each) for each in asked}
    assert len(made) == len(asked)
    assert all(is_id(made_id[:3], made_id) for made_id in made)
