"""Items of the staging set and of a generation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from knowledge.envelope import envelope_bytes
from knowledge.generations.model import ChangedItem, Edition, GenerationItem
from knowledge.items.fields import DETAILS, details_answer
from knowledge.items.model import ItemDraft
from knowledge.limits import ENVELOPE_BYTES
from knowledge.staging.model import ItemResult, PushResult, StagedItem
from knowledge.storage.format import canonical_json
from knowledge.times import optional_timestamp, timestamp

from httpapi import strict_json
from httpapi.errors import ResultsTooLargeError
from httpapi.keys.model import Key
from httpapi.keys.scopes import Scope
from httpapi.render.runs import render_change

# What a write made of an item; and what a push brings itself.
_BECAME = frozenset({"externalItemId", "state", "removedAt", "tombstoneDueAt", "tombstonedAt"})
_TEXTS = frozenset({"title", *DETAILS.values()})
_SENT = frozenset({"contentHash", "contentBytes"}) | _TEXTS


def render_item(item: StagedItem, *, content: bool = True) -> dict[str, Any]:
    """Write a staged item; `content`, or `contentUrl` in its place, only when it was read and is wanted."""
    body: dict[str, Any] = {
        "externalItemId": item.external_item_id,
        "state": item.state,
        "title": item.title,
        **details_answer(item.details),
        "sourceVersion": item.source_version,
        "contentHash": item.content_hash,
        "contentBytes": item.content_bytes,
        "createdAt": timestamp(item.created_at),
        "updatedAt": timestamp(item.updated_at),
        "updatedByKeyId": item.key_id,
        "removedAt": optional_timestamp(item.removed_at),
        "tombstoneDueAt": optional_timestamp(item.tombstone_due_at),
        "tombstonedAt": optional_timestamp(item.tombstoned_at),
    }
    if content and item.content is not None:
        body["content"] = item.content
    if content and item.content_url is not None:
        body["contentUrl"] = item.content_url
    return body


def render_written(item: StagedItem, key: Key, *, sent: bool) -> dict[str, Any]:
    """Write an item that a request changed. Of what was there before a key sees nothing that it may not read.

    `sent` says that the request brought the item's texts. They are shown then, and only then: what an answer shows is
    kept for its repeats, which bring the texts again; and an erasure must not have to look for them there.
    """
    body = render_item(item, content=False)
    if not sent:
        body = {name: value for name, value in body.items() if name not in _TEXTS}
    if Scope.ITEMS_READ in key.spec.scopes:
        return body
    shown = _BECAME | (_SENT if sent else frozenset())
    return {name: value for name, value in body.items() if name in shown}


def keepable(body: Mapping[str, Any]) -> dict[str, Any]:
    """What may be kept of an answer on an item: none of its texts, which an erasure could not find there."""
    item = {name: value for name, value in body["item"].items() if name not in _TEXTS}
    return {**body, "item": item}


def with_sent(kept: Mapping[str, Any], sent: ItemDraft) -> dict[str, Any]:
    """Make the answer to a push whole again: the texts are those that the request brings."""
    # As the stored document has them: names within `metadata` in order.
    texts = {"title": sent.title, **json.loads(canonical_json(details_answer(sent)))}
    texts = {name: texts[name] for name in ("title", *DETAILS.values())}
    item: dict[str, Any] = {}
    for name, value in kept["item"].items():
        item[name] = value
        # Where they stand in the first answer.
        if name == "state":
            item |= texts
    return {**kept, "item": item}


def check_results_fit(external_item_ids: Iterable[str]) -> None:
    """Make sure that the results of a batch fit into an answer, whatever becomes of each item.

    Afterwards it would be too late: the batch is staged, and each retry would fail alike. Raises ResultsTooLargeError.
    """
    longest = max(PushResult, key=len)
    answer = render_results([ItemResult(name, longest) for name in external_item_ids])
    if envelope_bytes(strict_json.write(answer).encode()) > ENVELOPE_BYTES:
        raise ResultsTooLargeError


def render_results(results: Sequence[ItemResult]) -> dict[str, Any]:
    """Write what became of each item of a batch, in request order, and how many went which way."""
    counted = Counter(result.result for result in results)
    return {
        "counts": {kind.value: counted[kind] for kind in PushResult},
        "results": [{"externalItemId": result.external_item_id, "result": result.result} for result in results],
    }


def render_generation_item(item: GenerationItem) -> dict[str, Any]:
    """Write an item as a generation serves it; all but the index entry only when the content was read."""
    return {
        "externalItemId": item.external_item_id,
        "title": item.title,
        "contentHash": item.content_hash,
        "contentBytes": item.content_bytes,
        "removedAt": optional_timestamp(item.removed_at),
        **_contents(item),
    }


def render_changed_item(changed: ChangedItem) -> dict[str, Any]:
    """Write a change, and as far as it was read what its item was, is, and is as a list of items writes it."""
    body, item = render_change(changed.change), changed.item
    if changed.standing is not None:
        body["since"] = changed.standing
    if item is not None:
        body |= {"contentBytes": item.content_bytes, **_contents(item)}
    for side, edition in (("before", changed.before), ("after", changed.after)):
        if edition is not None:
            body[side] = _edition(edition)
    return body


def _edition(edition: Edition) -> dict[str, Any]:
    body = dict(edition.fields)
    if edition.content_bytes is not None:
        body["contentBytes"] = edition.content_bytes
    if edition.content_url is not None:
        body["contentUrl"] = edition.content_url
    return body


def _contents(item: GenerationItem) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if item.content is not None:
        body["content"] = item.content
    if item.content_url is not None:
        body["contentUrl"] = item.content_url
    if item.details is not None:
        body |= details_answer(item.details)
    return body
