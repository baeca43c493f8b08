"""Which states a question is put to: those that sources serve, or what a run would publish."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.errors import (
    GenerationRetiredError,
    NotApplyEligibleError,
    RunDiscardedError,
    RunInProgressError,
    SourceNotFoundError,
    StaleBaseError,
    StalePlanError,
)
from knowledge.generations.stores import GenerationStores
from knowledge.ids import is_id
from knowledge.ports import Clock
from knowledge.runs.model import RunState
from knowledge.searching.model import Asked, Preview, Question
from knowledge.sources.model import Serving, Source
from knowledge.storage.format import FORMAT

_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class AskedSources:
    """Reads the rows of what is asked, consistently: what an apply has answered for is found."""

    stores: GenerationStores
    clock: Clock

    def read(self, question: Question) -> list[Asked]:
        """Read the sources of a question; those that don't serve are left out, unless a run of one is asked for.

        Raises SourceNotFoundError for one that is named and not the key's to see, and the refusals of a run.
        """
        sources = self._all(question) if question.source_ids is None else self._named(question, question.source_ids)
        if question.run_id is not None:
            return [self._run(sources[0], question.run_id)]
        serving = [each for each in sources if each.serving is Serving.ON]
        return [Asked(each, each.manifest, each.generation_id) for each in serving]

    def _named(self, question: Question, source_ids: tuple[str, ...]) -> list[Source]:
        for each in source_ids:
            if not is_id("src", each) or (question.allowed is not None and each not in question.allowed):
                raise SourceNotFoundError
        found = self.stores.sources.get_sources(question.tenant_id, source_ids)
        if any(each.environment is not question.environment for each in found):
            raise SourceNotFoundError
        return found

    def _all(self, question: Question) -> list[Source]:
        found: list[Source] = []
        position = None
        while True:
            page = self.stores.sources.list_sources(
                question.tenant_id, question.environment, limit=_AT_A_TIME, position=position, only=question.allowed
            )
            found += page.items
            position = page.next_position
            if position is None:
                return found

    def _run(self, source: Source, run_id: str) -> Asked:
        """What a run would publish, or has: its plan is never made anew for that."""
        run = self.stores.runs.get_run(source.source_id, run_id)
        if run.generation_id is not None:
            generation = self.stores.generations.get_generation(source.source_id, run.generation_id)
            if generation.retired_at is not None:
                raise GenerationRetiredError
            return Asked(source, generation.manifest, generation.generation_id)
        plan = run.plan
        if run.state is RunState.DISCARDED:
            raise RunDiscardedError
        if plan is None:
            if run.state is RunState.PLANNING and self.clock() <= run.deadline_at:
                message = "The run is still being planned. Search it once it is ready."
                raise RunInProgressError(message)
            message = "The run has no plan. Start a new run."
            raise StalePlanError(message)
        if plan.expires_at <= self.clock() or run.state is RunState.EXPIRED:
            message = "The run has expired. Start a new run."
            raise NotApplyEligibleError(message)
        if (plan.base_generation_id, plan.base_digest) != (source.generation_id, source.base_digest):
            message = "Another generation was published since this run was planned. Start a new run."
            raise StaleBaseError(message)
        if plan.format != FORMAT or plan.erasures != source.erasure_epoch:
            message = "The plan of this run is out of date. Start a new run."
            raise StalePlanError(message)
        return Asked(source, plan.index.manifest, None, Preview(plan.base_generation_id, plan.version))
