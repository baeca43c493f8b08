"""Guards of what somebody decides beside an apply, taken away one at a time."""

from __future__ import annotations

import pytest
from knowledge.generations import store as generation_store
from knowledge.runs import store as run_store
from knowledge.upkeep import collecting

from tests.faults import traps_decisions
from tests.faults.mutating import Mutation, without


def _restores_mind_no_lock(patched: pytest.MonkeyPatch) -> None:
    minds = generation_store.Publication.minds_lock.fget
    assert minds is not None
    patched.setattr(
        generation_store.Publication, "minds_lock", property(lambda self: minds(self) and self.plan is not None)
    )


def _keep_everything(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(collecting, "needs_objects", lambda *_: True)


DECISIONS = [
    Mutation(
        "state of the run at publication",
        traps_decisions.run_discarded_after_the_checks_is_not_published,
        without(run_store.READY, where="generationId = :generation"),
    ),
    Mutation(
        "state of the run when an empty apply ends",
        traps_decisions.empty_apply_of_a_run_that_is_discarded_meanwhile_is_refused,
        without(run_store.READY, where="generationId = :generation"),
    ),
    Mutation(
        "state of the run that is discarded",
        traps_decisions.published_run_is_not_discarded,
        without("#state <> :published"),
    ),
    Mutation(
        "state of the run that gets a plan",
        traps_decisions.run_discarded_while_it_is_planned_never_gets_a_plan,
        without("#state IN (:planning, :ready, :failed)"),
    ),
    Mutation(
        "objects of a discarded run",
        traps_decisions.discarded_run_loses_its_objects_and_nothing_else,
        patch=_keep_everything,
    ),
    Mutation(
        "lock at publication",
        traps_decisions.lock_that_is_set_after_the_checks_holds,
        without("attribute_not_exists(publishLock)"),
    ),
    Mutation(
        "lock at a restore", traps_decisions.lock_that_is_set_during_a_restore_holds, patch=_restores_mind_no_lock
    ),
]
