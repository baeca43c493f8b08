"""One source under random use, held against a plain dictionary after every step.

| variable | default | meaning |
|---|---|---|
| MODEL_STEPS | 1000 | how many steps to take at least |
| MODEL_SEED | 1 | the seed of the first batch of histories; a failure names the seed of its own batch |
| MODEL_SHRINK | 1 | 0 to fail at once, without looking for a shorter history |
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider
from hypothesis.stateful import run_state_machine_as_test

from testing.faults import Faults
from testing.lifecycle import Lifecycle, settings_of
from testing.wire import MemoryBucket

STEPS = int(os.environ.get("MODEL_STEPS", "1000"))
SEED = int(os.environ.get("MODEL_SEED", "1"))
PHASES = (Phase.generate, Phase.shrink) if os.environ.get("MODEL_SHRINK", "1") == "1" else (Phase.generate,)
HISTORIES, STEPS_PER_HISTORY = 10, 100
# Under a name of its own the ordinary provider makes each history afresh. Otherwise half of so few histories would be
# variations on the simplest one and on each other.
AVAILABLE_PROVIDERS["afresh"] = HypothesisProvider


@pytest.mark.timeout(0)
def test_staging_runs_and_generations_agree_with_the_model(
    fault_tables: Any, fault_dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.register_assert_rewrite("tests.support.staging_comparison")
    from tests.support.staging_machine import SourceMachine

    def new_lifecycle(**options: Any) -> Lifecycle:
        clients = Faults().clients(fault_dynamodb, MemoryBucket())
        return Lifecycle(settings_of(fault_tables), clients, **options)

    SourceMachine.new_lifecycle = staticmethod(new_lifecycle)  # type: ignore[assignment]
    SourceMachine.steps = 0
    for batch in itertools.count(SEED):
        if STEPS > 2000:
            with capsys.disabled():
                print(f"MODEL_SEED={batch}: {SourceMachine.steps} steps so far", flush=True)  # noqa: T201
        try:
            run_state_machine_as_test(
                seed(batch)(SourceMachine),
                settings=settings(
                    max_examples=HISTORIES,
                    stateful_step_count=STEPS_PER_HISTORY,
                    database=None,
                    backend="afresh",
                    phases=PHASES,
                    suppress_health_check=list(HealthCheck),
                    print_blob=False,
                ),
            )
        except Exception as error:
            error.add_note(f"Replay it alone: MODEL_SEED={batch} MODEL_STEPS=1")
            raise
        if SourceMachine.steps >= STEPS:
            return
