"""The upkeep, four times an hour: erasures and deletions that are due, then the daily round over all sources.

Erasures may take a third of a call, and with deletions half of it. It begins no source in its last four minutes; what
is left is taken up by the next.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from knowledge.assembly import KnowledgeServices
from knowledge.settings import Settings
from telemetry.outcomes import of_run_upkeep
from telemetry.tasks import observed

_SPARE_MS = 240_000
_FOR_ROUND_MS = 450_000
_FOR_DELETIONS_MS = 600_000
_knowledge = KnowledgeServices(Settings.from_environment())


@observed("run_upkeep", done=of_run_upkeep)
def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Go on; the answer tells what was done, see `knowledge.upkeep.rounds.RoundReport`."""
    failed = _knowledge.erasures.eraser.go_on(lambda: context.get_remaining_time_in_millis() > _FOR_DELETIONS_MS)
    failed += _knowledge.deleter.go_on(lambda: context.get_remaining_time_in_millis() > _FOR_ROUND_MS)
    report = _knowledge.upkeep.go_on(lambda: context.get_remaining_time_in_millis() > _SPARE_MS)
    return {**asdict(report), "failed": report.failed + failed}
