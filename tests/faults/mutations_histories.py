"""Histories of items with one guard taken away at a time, and the trap that must catch it."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.generations.history import ItemHistories, Looked

from tests.faults import traps_histories
from tests.faults.mutating import Mutation


def _trust_the_source(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(ItemHistories, "_epoch", lambda _self, source, _generations: source.erasure_epoch)


def _compare_across_erasures(patched: pytest.MonkeyPatch) -> None:
    def look(_self: Any, *_asked: Any) -> Looked:
        return Looked(0)

    patched.setattr(ItemHistories, "_look", look)


HISTORIES = [
    Mutation(
        "the epoch of what was written anew",
        traps_histories.erasure_in_the_midst_of_a_reading_is_told_or_not_yet,
        patch=_trust_the_source,
    ),
    Mutation(
        "the end that an erasure makes of a history",
        traps_histories.erased_item_that_is_pushed_again_has_come_anew,
        patch=_compare_across_erasures,
    ),
]
