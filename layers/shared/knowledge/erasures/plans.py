"""The fourth step of an erasure: no run tells of its items any more.

A ready run that was planned before can't be published: the erasure epoch has moved. If its changes name one of the
items it expires; otherwise it stays, and its apply has it planned again. Of a published run the files are written anew.

What would break it, and what stands against it:

- A run is planned again meanwhile: it is marked on condition of the plan that was read, and the new plan is of the new
  epoch.
- A clean-up reads the old files: they are there until nobody can read them any more. The new ones have the same places
  and entries, and a line that was erased marks nothing.
- A crash between the files and the row: they are nobody's, and are written again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from knowledge.erasures.model import Erasure
from knowledge.erasures.stores import ErasureStores
from knowledge.ports import Clock, HasTime, NewId
from knowledge.runs.change_file import ErasedPart, erase_lines
from knowledge.runs.model import Plan, PlanPart, Run, RunState
from knowledge.storage.format import ObjectGoneError, UnknownFormatError

_RUNS_A_PAGE = 25


@dataclass(frozen=True, slots=True)
class PlanEraser:
    """Takes items out of the files of runs."""

    stores: ErasureStores
    clock: Clock
    new_id: NewId

    def erase_runs(self, erasure: Erasure, ids: Collection[str], position: Any, has_time: HasTime) -> tuple[int, Any]:
        """Go through the runs from a position on; tells how many lost changes, and the position to go on from."""
        changed = 0
        while True:
            page = self.stores.runs.list_runs(erasure.source_id, limit=_RUNS_A_PAGE, position=position)
            for run in page.items:
                changed += self._erase_run(erasure, run, ids)
            position = page.next_position
            if position is None or not has_time():
                return changed, position

    def _erase_run(self, erasure: Erasure, run: Run, ids: Collection[str]) -> bool:
        plan = run.plan
        if plan is None or plan.erasures >= erasure.epoch or run.state not in {RunState.READY, RunState.PUBLISHED}:
            return False
        try:
            parts = self.stores.plan_parts.parts_of(plan)
            found = [self._erased(part, ids) for part in parts]
        except (ObjectGoneError, UnknownFormatError):
            # Files that are gone tell of nothing; one that is there all the same is swept.
            return False
        if not any(found):
            return False
        if run.state is RunState.READY:
            return self.stores.runs.set_expired(run, self.clock())
        prefix = f"runs/{run.tenant_id}/{run.source_id}/{run.run_id}/{self.new_id('att')}"
        written = tuple(
            part if each is None else self._put(prefix, part, each) for part, each in zip(parts, found, strict=True)
        )
        erased = plan.erased + sum(each.erased for each in found if each is not None)
        after: Plan = replace(plan, parts=written, part_list=None, erased=erased)
        return self.stores.runs.replace_files(run, self.stores.plan_parts.put_aside(after, prefix))

    def _erased(self, part: PlanPart, ids: Collection[str]) -> ErasedPart | None:
        data = self.stores.objects.read_object(part.object.key)
        return erase_lines(data, part.directory_bytes, part.object.digest, ids)

    def _put(self, prefix: str, part: PlanPart, erased: ErasedPart) -> PlanPart:
        key = f"{prefix}/changes-{part.number:04d}.ndjson.gz"
        ref = self.stores.objects.put_once(key, erased.part.data, digest=erased.part.digest)
        return replace(part, object=ref, directory_bytes=erased.part.directory_bytes)
