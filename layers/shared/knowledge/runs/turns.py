"""Whose turn it is to plan: one run of a source at a time, so that a source keeps one planner busy and no more.

The turn bounds what is in flight, and no promise rests on it: two plannings at once are safe (see `planning`). What
would break the bound, and what stands against it:

- A planner dies: its turn runs out after the longest time that its function may take.
- A planner is tried again, after an error or by a repeated request: the turn is the run's, so it takes it again.
- Parts of one planning lie far apart: each takes the turn again, and waits if another run has it by then.
- An execution ends before its planning does: the next part's turn has noted where the planning had come to, so another
  execution of the run goes on there, if what it was planned against is still so (see `planning`).
- A planner outlives its turn, and another run has it: its plan is refused, and it plans again at its next turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from knowledge.errors import RunInProgressError, ServiceUnavailableError, SourceNotFoundError
from knowledge.model import ObjectRef
from knowledge.sources.conditions import same_erasures
from knowledge.sources.model import DEVELOPER_API, Source
from knowledge.sources.rows import source_from, source_sk
from knowledge.storage.catalog import Action, Catalog, RefusedWriteError

# What the state machines give one part of a planning (`TimeoutSeconds` of DiffRun).
TURN_MS = 180_000
# When a source's row lets a run plan:
#
#   free            mine, until planningUntil            free, or another's
#   |---------------|-- part --|-- part --|--------------|
#                   take, and again before every part    end_turn, or with the plan
_IS_SOURCE = "#type = :type"
_MINE = "planningRunId = :run"
_MINE_OR_FREE = f"(attribute_not_exists(planningRunId) OR {_MINE})"
_RUN_OUT = "planningUntil <= :now"
# Nothing that would make a run incomplete began or ended since the run began to read.
_NOTHING_AWAITED = "(attribute_not_exists(openSnapshotId) OR openSnapshotExpiresAt <= :began)"
_SAME_EPOCH = "epoch = :epoch"
_END = "REMOVE planningRunId, planningUntil"
# The plan is stored, so nobody is to go on with it.
_END_FOR_GOOD = f"{_END}, planningAt"


class Turn(NamedTuple):
    """A turn to plan: the source under it, and the last checkpoint that was noted of this run's planning."""

    source: Source
    noted: ObjectRef | None


@dataclass(frozen=True, slots=True)
class PlanningTurns:
    """The turns of all sources; each stands in its source's row as `planningRunId` and `planningUntil` (ms).

    `planningAt` is the last checkpoint that a run noted, and that run's id.
    """

    catalog: Catalog

    @contextmanager
    def take_turn(
        self, tenant_id: str, source_id: str, run_id: str, now: int, checkpoint: ObjectRef | None
    ) -> Iterator[Turn]:
        """Have the turn for a part of a planning, which gives it up when it fails; otherwise its plan ends it.

        `checkpoint` is what the part goes on from, and is noted. Raises SourceNotFoundError, RunInProgressError while
        another run has the turn.
        """
        turn = self._take(tenant_id, source_id, run_id, now, checkpoint)
        try:
            yield turn
        except Exception:
            with suppress(ServiceUnavailableError):
                self.end_turn(tenant_id, source_id, run_id)
            raise

    def end_turn(self, tenant_id: str, source_id: str, run_id: str) -> None:
        """Give up the turn of a run that stores no plan; another run's stays."""
        with suppress(RefusedWriteError):
            self.catalog.update(tenant_id, source_sk(source_id), _END, _MINE, {":run": run_id})

    def ending_turn(
        self, tenant_id: str, source_id: str, run_id: str, *, epoch: int | None, began_at: int, erasures: int
    ) -> Action:
        """The action that ends the turn with the plan, if no other run has it and no erasure was opened since.

        With an `epoch`, also that this is still the source's, and that nothing more was awaited at `began_at` (ms).
        """
        condition = f"attribute_exists(pk) AND {_MINE_OR_FREE} AND {same_erasures(erasures)}"
        values: dict[str, Any] = {":run": run_id, ":epoch": epoch, ":erasures": erasures or None}
        if epoch is not None:
            condition += f" AND {_SAME_EPOCH} AND {_NOTHING_AWAITED}"
            values |= {":began": began_at}
        return self.catalog.updating(tenant_id, source_sk(source_id), _END_FOR_GOOD, condition, values)

    def _take(self, tenant_id: str, source_id: str, run_id: str, now: int, checkpoint: ObjectRef | None) -> Turn:
        sets = "SET planningRunId = :run, planningUntil = :until"
        values: dict[str, Any] = {":until": now + TURN_MS, ":now": now}
        if checkpoint is not None:
            sets += ", planningAt = :at"
            values[":at"] = {"runId": run_id, **asdict(checkpoint)}
        try:
            row = self.catalog.update(
                tenant_id,
                source_sk(source_id),
                sets,
                f"{_IS_SOURCE} AND ({_MINE_OR_FREE} OR {_RUN_OUT})",
                {":run": run_id, ":type": DEVELOPER_API, **values},
            )
        except RefusedWriteError as error:
            if error.row is None or error.row["type"] != DEVELOPER_API:
                raise SourceNotFoundError from error
            raise RunInProgressError from error
        at = row.get("planningAt", {})
        noted = ObjectRef(at["key"], at["digest"]) if at.get("runId") == run_id else None
        return Turn(source_from(row), noted)
