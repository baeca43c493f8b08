"""What runs tell others of."""

from __future__ import annotations

from dataclasses import asdict

from knowledge.events import RUN_FAILED, RUN_READY, Event
from knowledge.model import Failure
from knowledge.runs.model import Plan, Run


def run_ready(event_id: str, tenant_id: str, source_id: str, run_id: str, plan: Plan, at: int) -> Event:
    """A run has a plan that can be reviewed; each plan of a run is an event of its own."""
    data = {
        "runId": run_id,
        "planVersion": plan.version,
        "discovery": plan.discovery,
        "counts": asdict(plan.counts),
    }
    return Event(event_id, RUN_READY, tenant_id, source_id, at, data)


def run_failed(event_id: str, run: Run, failure: Failure) -> Event:
    """A run could not be planned."""
    return Event(event_id, RUN_FAILED, run.tenant_id, run.source_id, failure.at, {"runId": run.run_id})
