"""From a folder to a run that publishes exactly that folder, and no further.

What could go wrong, and what follows:

- Another client writes between our last batch and our run: the run would publish a mixture. So the run's own changes
  are put on what was served, and what comes out must be what is wanted, item by item. The plan of a run stays what it
  is whatever is pushed later, and it is applied by its version.
- Another client publishes meanwhile: the run has another base than was compared. All is compared anew.
- The process dies: what is staged is found by its hashes, and a run that nobody applies publishes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from knowledge_client import models
from knowledge_client.command.comparing import PAGE_ITEMS, Comparison, compare
from knowledge_client.command.exits import StoppedError
from knowledge_client.command.session import Session
from knowledge_client.command.staging import stage
from knowledge_client.errors import (
    ConflictError,
    NoAnswerError,
    ServerError,
    StillUnderWayError,
    UnexpectedAnswerError,
)
from knowledge_client.folder import Served

ATTEMPTS = 3
PATIENCE_SECONDS = 1_800.0
_PAUSE_SECONDS = 5.0
# Somebody else is at work on the source, and will have ended.
_BUSY = frozenset({"apply_in_progress", "run_in_progress", "snapshot_open", "not_complete"})
# What was compared or planned is not the newest any more.
_OVERTAKEN = frozenset({"stale_base", "stale_plan", "overtaken", "staging_mixed", "apply_conflict", "lease_lost"})
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Planned:
    """A comparison, what was staged of it, and its run; `run` is None when there is nothing to publish."""

    comparison: Comparison
    counts: models.BatchCounts | None
    run: models.Run | None
    changes: Sequence[models.RunChange] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to publish."""
        return self.run is None or not self.changes


def persist(session: Session, work: Callable[[], Result], *, wait: bool, again: bool = True) -> Result:
    """Do what others may come in between of: a few times over, and with `wait` for as long as they are at work.

    Without `again` what was overtaken is not done anew: somebody has looked at it. Raises what `work` does at last.
    """
    with _noting("Nothing was published. Run it again: it goes on from there.", KeyboardInterrupt):
        return _persist(session, work, wait=wait, again=again)


def _persist(session: Session, work: Callable[[], Result], *, wait: bool, again: bool) -> Result:
    attempts = 0
    waited = 0.0
    while True:
        attempts += 1
        try:
            return work()
        except (ConflictError, StoppedError) as error:
            is_busy = wait and error.code in _BUSY and waited < PATIENCE_SECONDS
            if not is_busy and (not again or error.code not in _OVERTAKEN or attempts >= ATTEMPTS):
                raise
            session.out.note(f"{error}; trying again")
        session.sleep(_PAUSE_SECONDS if is_busy else session.dice())
        waited += _PAUSE_SECONDS


@contextmanager
def _noting(note: str, *kinds: type[BaseException]) -> Iterator[None]:
    """Note on errors of some kinds what is served now, unless somebody did who knew it better."""
    try:
        yield
    except kinds as error:
        if not hasattr(error, "__notes__"):
            error.add_note(note)
        raise


def publishing() -> AbstractContextManager[None]:
    """Say, of what ends a command in the middle of a publication, how to learn which set is served."""
    return _noting(
        "All of it is served now, or nothing of it: kb status says which.",
        *(KeyboardInterrupt, NoAnswerError, ServerError, StillUnderWayError, UnexpectedAnswerError),
    )


def plan_folder(
    session: Session, message: str | None, check: Callable[[Comparison], None] = lambda comparison: None
) -> Planned:
    """Compare, stage and plan a run that publishes the folder as it was read, and check that it does.

    `check` may stop before anything is written. Raises FileChangedError, StoppedError (`not_complete`, `overtaken`,
    `staging_mixed`), ApiError.
    """
    comparison, counts, source_id = stage_folder(session, check)
    if source_id is None:
        return Planned(comparison, counts, None)
    run = session.client.runs.start(source_id, message=message)
    if not run["applyEligible"]:
        raise StoppedError(
            f"the run {run['id']} can't be applied: {run.get('reason') or run['state']}",
            code="not_complete",
            next_step="Run it again when the snapshot or import has ended, or with --wait.",
        )
    changes = list(session.client.runs.changes(source_id, run["id"], limit=PAGE_ITEMS))
    _check_run(comparison, run, changes)
    return Planned(comparison, counts, run, changes)


def stage_folder(
    session: Session, check: Callable[[Comparison], None] = lambda comparison: None
) -> tuple[Comparison, models.BatchCounts | None, str | None]:
    """Compare, and stage what differs. Returns what came of it, and the source in which a run is to be planned.

    No counts when there was nothing to do, and no source when there is nothing to publish. Raises FileChangedError.
    """
    comparison = compare(session)
    check(comparison)
    if is_settled(comparison):
        return comparison, None, None
    source_id = session.make_source()["id"]
    counts = stage(session, comparison, source_id)
    # With an empty plan, what is staged is what is served, now that it was put right.
    return comparison, counts, None if comparison.plan.is_empty else source_id


def is_settled(comparison: Comparison) -> bool:
    """Whether the folder is served as it is, and nothing is staged that is not."""
    source = comparison.source
    waits = source is not None and (source.get("pendingChanges") != 0 or source.get("pendingChangesMore"))
    return comparison.plan.is_empty and not waits


def _check_run(comparison: Comparison, run: models.Run, changes: Sequence[models.RunChange]) -> None:
    if run["baseGenerationId"] != comparison.generation_id:
        raise StoppedError(
            f"generation {run['baseGenerationId']} was published while the folder was compared with another one",
            code="overtaken",
            next_step="Run it again.",
        )
    live = live_after(comparison.served, changes)
    if live != comparison.wanted:
        names = sorted(
            name for name in live.keys() | comparison.wanted.keys() if live.get(name) != comparison.wanted.get(name)
        )
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise StoppedError(
            f"somebody else staged something at the same time ({', '.join(names[:3])}{more}), so nothing was published",
            code="staging_mixed",
            next_step="See who else writes to this source, and run it again.",
        )


def live_after(served: Mapping[str, Served], changes: Sequence[models.RunChange]) -> dict[str, str]:
    """Return what would be served for good, hashes by ids, once changes are published. Pure."""
    live = {name: each.content_hash for name, each in served.items() if each.removed_at is None}
    for change in changes:
        if change["change"] in {"removed", "tombstoned"}:
            live.pop(change["externalItemId"], None)
        else:
            live[change["externalItemId"]] = change["contentHash"]
    return live
