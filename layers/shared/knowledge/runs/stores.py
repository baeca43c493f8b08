"""The stores of runs and of what they compare with."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.staging.stores import StagingStores

if TYPE_CHECKING:
    from knowledge.index.store import IndexStore
    from knowledge.runs.change_reader import ChangeReader
    from knowledge.runs.plan_parts import PlanParts
    from knowledge.runs.store import RunStore
    from knowledge.runs.turns import PlanningTurns


class RunStores(StagingStores):
    """What planning, reviewing and building need."""

    @cached_property
    def runs(self) -> RunStore:
        """The rows of runs."""
        from knowledge.runs.store import RunStore

        return RunStore(self.catalog)

    @cached_property
    def planning_turns(self) -> PlanningTurns:
        """Whose turn it is to plan."""
        from knowledge.runs.turns import PlanningTurns

        return PlanningTurns(self.catalog)

    @cached_property
    def plan_parts(self) -> PlanParts:
        """The lists of plans' parts."""
        from knowledge.runs.plan_parts import PlanParts

        return PlanParts(self.objects)

    @cached_property
    def index(self) -> IndexStore:
        """The indexes of generations."""
        from knowledge.index.store import IndexStore

        return IndexStore(self.objects, self.fanout)

    @cached_property
    def changes(self) -> ChangeReader:
        """The files of plans."""
        from knowledge.runs.change_reader import ChangeReader

        return ChangeReader(self.objects, self.fanout)
