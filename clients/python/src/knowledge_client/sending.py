"""Sends sets of items that are larger than a request: in batches, or as a snapshot in parts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, cast

from knowledge_client import models
from knowledge_client.answers import Json
from knowledge_client.bodies import parts_of
from knowledge_client.errors import ApiError, InvalidArgumentError
from knowledge_client.transport import Call, Transport

Progress = Callable[[int], None]
# What a job's own Idempotency-Key may have behind it, for the number of a batch.
_KEY_CHARACTERS = 245


def push_in_batches(
    push: Callable[[list[Any], str | None], models.BatchResponse],
    items: Iterable[models.ItemInput],
    progress: Progress,
    idempotency_key: str | None,
) -> models.BatchCounts:
    """Push items batch by batch; returns the sum of what came of them."""
    if idempotency_key is not None and len(idempotency_key) > _KEY_CHARACTERS:
        raise InvalidArgumentError(f"an Idempotency-Key for many batches has at most {_KEY_CHARACTERS} characters")
    total: dict[str, int] = dict.fromkeys(models.BatchCounts.__annotations__, 0)
    sent = 0
    for number, part in enumerate(parts_of(items), start=1):
        with naming_items_from(sent):
            answer = push(part, idempotency_key and f"{idempotency_key}/{number}")
        for result, count in cast(dict[str, int], answer["counts"]).items():
            total[result] = total.get(result, 0) + count
        sent += len(part)
        progress(sent)
    return cast(models.BatchCounts, total)


def replace_in_parts(
    api: Transport, source: str, items: Iterable[models.ItemInput], progress: Progress, *, allow_empty: bool
) -> models.BatchCounts:
    """Make a snapshot of items, at once if one request takes them; `source` is the path of the source."""
    parts = parts_of(items)
    first = next(parts, [])
    second = next(parts, None)
    if second is None:
        answer = api.write("POST", f"{source}/items/snapshot", {"items": first, "allowEmpty": allow_empty})
        progress(len(first))
    else:
        snapshot = api.write("POST", f"{source}/snapshots")["snapshot"]
        path = f"{source}/snapshots/{snapshot['id']}"
        answer = _send_parts(api, path, chain((first, second), parts), progress)
    # An answer without counts is a snapshot that is still to be completed; so many removals take a few requests.
    while "counts" not in answer:
        snapshot = answer["snapshot"]
        if snapshot["state"] == "completed":
            answer = snapshot
        else:
            answer = api.write("POST", f"{source}/snapshots/{snapshot['id']}/complete")
    return cast(models.BatchCounts, answer["counts"])


def _send_parts(api: Transport, path: str, parts: Iterator[list[Any]], progress: Progress) -> Json:
    """Send every part, and complete the snapshot if the API has as much as was sent; aborts it at any failure before.

    Raises ConflictError (`snapshot_incomplete`) when a part is missing there: what no part names would be removed.
    """
    sent = number = 0
    try:
        for number, part in enumerate(parts, start=1):
            progress(sent)
            with naming_items_from(sent):
                api.write("PUT", f"{path}/parts/{number}", {"items": part})
            sent += len(part)
        progress(sent)
        return api.write("POST", f"{path}/complete", {"parts": number, "items": sent})
    except BaseException:
        # An open snapshot would stand in the way of the next one, and of runs, for a day. One try, for Ctrl-C.
        with contextlib.suppress(ApiError):
            api.try_once(Call("DELETE", path, idempotency_key=f"abort {path}"[-255:]))
        raise


@contextlib.contextmanager
def naming_items_from(sent: int) -> Iterator[None]:
    """Have the faults of a request that holds a part of a set count from the first item of the set."""
    try:
        yield
    except ApiError as error:
        error.sent = sent
        error.faults = [fault.moved(sent) for fault in error.faults]
        raise
