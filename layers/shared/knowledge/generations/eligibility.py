"""Whether a run may be applied to its source as both are now. Pure; the builder asks under the lease."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.actors import Actor
from knowledge.errors import (
    ApplyInProgressError,
    NotApplyEligibleError,
    PublishingLockedError,
    RemovalGuardError,
    RunDiscardedError,
    StaleBaseError,
    StalePlanError,
)
from knowledge.runs.model import Discovery, Plan, Run, RunState, check_reviewed
from knowledge.sources.model import Source
from knowledge.storage.format import FORMAT


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """Which run to apply, what the caller agreed to, who it is, and what is said of it."""

    tenant_id: str
    source_id: str
    run_id: str
    approve_removals: int | None = None
    plan_version: int | None = None
    by: Actor | None = None
    message: str | None = None


def check_applicable(source: Source, run: Run, request: ApplyRequest, now: int) -> Plan:
    """Make sure that a run may be applied to the source as it is; the refusals come in the order they are checked."""
    plan = run.plan
    if run.state is RunState.DISCARDED:
        raise RunDiscardedError
    check_unlocked(source)
    if plan is None:
        if run.state is RunState.PLANNING and now <= run.deadline_at:
            message = "The run is still being planned. Retry the apply shortly."
            raise ApplyInProgressError(message)
        raise StalePlanError
    if plan.expires_at <= now or run.state is RunState.EXPIRED:
        message = "The run has expired. Start a new run."
        raise NotApplyEligibleError(message)
    if plan.discovery is Discovery.INCOMPLETE:
        raise NotApplyEligibleError
    check_reviewed(run, request.plan_version)
    if (plan.base_generation_id, plan.base_digest) != (
        source.generation_id,
        source.base_digest,
    ):
        raise StaleBaseError
    if plan.settings_version != source.settings_version or plan.format != FORMAT:
        raise StalePlanError
    if plan.erasures != source.erasure_epoch:
        raise StalePlanError
    _check_removal_guard(source, plan, request.approve_removals)
    return plan


def check_unlocked(source: Source) -> None:
    """Raises PublishingLockedError, with its reason, while a source's publishing is locked."""
    if source.publish_lock is not None:
        raise PublishingLockedError.because_of(source.publish_lock.reason)


def _check_removal_guard(source: Source, plan: Plan, approved: int | None) -> None:
    guard, drops = source.removal_guard, plan.counts.tombstoned
    if guard is None or drops == 0 or (approved is not None and approved >= drops):
        return
    base_total = plan.counts.total - plan.counts.added + drops
    too_many = guard.max_items is not None and drops > guard.max_items
    too_large = guard.max_percent is not None and drops * 100 > guard.max_percent * base_total
    if too_many or too_large:
        message = (
            f"The run drops {drops} of {base_total} items, more than the source's removalGuard allows. "
            f"Review its changes, then apply it with approveRemovals of at least {drops}."
        )
        raise RemovalGuardError(message)
