"""What makes the number of staged items exact, taken away one at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest
from knowledge.erasures import stubbing
from knowledge.generations.settling import Settler
from knowledge.imports import window_writer
from knowledge.runs import planning
from knowledge.staging import item_count
from knowledge.staging.item_count import Listed, list_entries
from knowledge.staging.rows import JournalEntry
from knowledge.staging.rules import Decision, chained

from tests.faults import traps_counts
from tests.faults.mutating import Mutation, writes_of


def _counts_again(patched: pytest.MonkeyPatch) -> None:
    def listed(journal: Sequence[JournalEntry], _: Collection[str]) -> tuple[Listed, ...]:
        return list_entries(journal, ())

    patched.setattr(planning, "list_entries", listed)


def _second_alone(patched: pytest.MonkeyPatch) -> None:
    def alone(first: Decision, then: Decision) -> Decision:
        return replace(chained(first, then), net=then.net)

    patched.setattr(window_writer, "chained", alone)


def _helped_anyhow(patched: pytest.MonkeyPatch) -> None:
    help_settle = Settler.help_settle
    patched.setattr(Settler, "help_settle", lambda self, source: help_settle(self, source) or ())


def _tells_nothing(patched: pytest.MonkeyPatch) -> None:
    def nothing(entry_id: str, at: int, revs: Any, *, net: int) -> JournalEntry:
        return JournalEntry(entry_id, at, revs, net=0 * net)

    patched.setattr(stubbing, "JournalEntry", nothing)


def _in_expression(old: str, new: str, *, where: str) -> Callable[[dict[str, Any]], bool]:
    def rewrite(request: dict[str, Any]) -> bool:
        met = False
        for write in writes_of(request):
            expression = write.get("UpdateExpression", "")
            if old in expression and where in expression:
                write["UpdateExpression"] = expression.replace(old, new)
                met = True
        return met

    return rewrite


COUNTS = [
    Mutation(
        "what the last publication covers",
        traps_counts.run_planned_while_the_last_is_tidied_up_counts_nothing_twice,
        patch=_counts_again,
    ),
    Mutation(
        "count that is given up",
        traps_counts.entries_that_nobody_knows_to_be_covered_make_the_count_unknown,
        _in_expression(", coveredItems", "", where="REMOVE settleRunId"),
    ),
    Mutation(
        "plan that a run finds gone",
        traps_counts.run_that_finds_the_last_plan_gone_does_not_know_what_it_covers,
        patch=_helped_anyhow,
    ),
    Mutation(
        "writes beside a full run",
        traps_counts.count_of_a_full_run_leaves_out_what_is_written_meanwhile,
        patch=lambda patched: patched.setattr(item_count, "WRITES_LAND_MS", -(10**9)),
    ),
    Mutation("items that an erasure takes", traps_counts.erased_items_are_not_counted, patch=_tells_nothing),
    Mutation("both lines of an item", traps_counts.item_that_a_file_names_twice_counts_once, patch=_second_alone),
    Mutation(
        "sum that moves with the publication",
        traps_counts.publication_beside_the_reading_of_a_count_is_noticed,
        _in_expression("coveredItems = :covered", "ignored = :covered", where="manifest = :manifest"),
    ),
]
