"""Makes the staging set what is wanted, item by item: only what differs is sent, and only by name is anything removed.

No snapshot: what a snapshot does not name it removes, so a process that dies between two parts, or an item that is kept
without a file, would be at its mercy. Whatever comes in between, the next command finds what is staged by its hashes,
and goes on from there. Nothing of this is served before a run is applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from knowledge_client import models
from knowledge_client.command.comparing import PAGE_ITEMS, Comparison
from knowledge_client.command.exits import StoppedError
from knowledge_client.command.large_items import with_text
from knowledge_client.command.session import Session
from knowledge_client.content_hashes import content_hash

REMOVALS_A_BATCH = 1_000
_FIELDS = ("externalItemId", "title", "content", "contentType", "url", "language", "tags", "metadata")


def stage(session: Session, comparison: Comparison, source_id: str) -> models.BatchCounts:
    """Send what is not staged as it is wanted, and remove what is staged and not wanted.

    Returns what came of it. Raises FileChangedError when a file is not any more what was compared.
    """
    missing = dict(comparison.wanted)
    surplus: list[str] = []
    for item in session.client.items.list(source_id, limit=PAGE_ITEMS):
        name = item["externalItemId"]
        if item["state"] != "active":
            continue
        if name not in comparison.wanted:
            surplus.append(name)
        elif missing[name] == item["contentHash"]:
            del missing[name]
    with session.out.progress("Sending", len(missing)) as advance:
        counts = session.client.items.push_all(
            source_id, _items(session, comparison, source_id, missing), progress=advance
        )
    for begin in range(0, len(surplus), REMOVALS_A_BATCH):
        answer = session.client.items.push_batch(source_id, removals=surplus[begin : begin + REMOVALS_A_BATCH])
        counts["removed"] += answer["counts"]["removed"]
    return counts


def _items(
    session: Session, comparison: Comparison, source_id: str, missing: dict[str, str]
) -> Iterator[models.ItemInput]:
    documents = (each for each in comparison.folder.documents if each.external_item_id in missing)
    yield from cast(Iterator[models.ItemInput], comparison.reader.items(documents))
    for kept in comparison.plan.keep:
        if kept.served.external_item_id in missing:
            yield _as_served(session, comparison, source_id, kept.served.external_item_id)


def _as_served(session: Session, comparison: Comparison, source_id: str, name: str) -> models.ItemInput:
    """Read an item that is kept as it is served: somebody staged another one, or removed it."""
    generation_id = comparison.generation_id
    assert generation_id is not None  # noqa: S101 - it is served there
    generations = session.client.generations
    listed = generations.items(source_id, generation_id, with_content=True, prefix=name)
    found = with_text(generations.item(source_id, name, generation_id), listed)
    assert found is not None  # noqa: S101 - a generation never changes, so what it has it lists
    item = {field: found.get(field) for field in _FIELDS if found.get(field) not in (None, [], {})}
    if content_hash(item) != comparison.wanted[name]:
        raise StoppedError(
            f"{name} is to be kept as it is served, and does not read as it was published",
            code="kept_item_differs",
            next_step="Mend its file, or remove the item by name: kb rm.",
        )
    return cast(models.ItemInput, item)
