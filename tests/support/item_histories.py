"""Histories of items as they are told, and as they must be: by looking into each generation by itself."""

from __future__ import annotations

from typing import Any, NamedTuple


class Told(NamedTuple):
    """A history: the generations that changed an item and how, newest first, and how it ends."""

    changes: list[tuple[str, str]]
    earlier: bool
    erased_at: int | None


def history_of(world: Any, name: str, limit: int = 100) -> Told:
    """Read a history to its end."""
    changes: list[tuple[str, str]] = []
    position = None
    while True:
        page, earlier, erased_at = world.knowledge.histories.list_history(
            world.source, name, limit=limit, position=position
        )
        assert len(page.items) <= limit
        changes += [(each.generation.generation_id, str(each.change.kind)) for each in page.items]
        position = page.next_position
        if position is None:
            return Told(changes, earlier, erased_at)
        assert (earlier, erased_at) == (False, None), "only the last page says how it ends"


def expected_history(world: Any, name: str) -> Told:
    """Compare each two generations that follow upon each other, as far down as no erasure of the item came between."""
    stores = world.knowledge.stores
    kept = stores.generations.list_kept(world.source_id)
    erasures = stores.erasures.list_erasures(world.source_id, limit=1_000, position=None).items
    taken = [each for each in erasures if kept and each.epoch > kept[-1].erasures]
    last = next((each for each in taken if name in stores.ledger.read_ids(each)), None)
    told = [each for each in kept if last is None or each.erasures >= last.epoch]
    entries = [stores.index.open_index(each.manifest).trie.find([name]).get(name) for each in told]
    whole = last is not None or not kept or kept[-1].sequence == 1
    changes = []
    for place, generation in enumerate(told):
        if place + 1 < len(told) or whole:
            before = entries[place + 1] if place + 1 < len(told) else None
            kind = _kind(before, entries[place])
            changes += [(generation.generation_id, kind)] if kind else []
    return Told(changes, not whole and entries[-1] is not None, last and last.opened_at)


def _kind(before: Any, after: Any) -> str | None:
    if before is None or after is None:
        return "added" if after else "tombstoned" if before else None
    if before.content_hash != after.content_hash:
        return "updated"
    if before.removed_at == after.removed_at:
        return None
    return "removed" if after.removed_at is not None else "restored"
