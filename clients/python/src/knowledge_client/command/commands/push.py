"""`kb push`: stages the folder and starts a run. Nothing is served before the run is applied."""

from __future__ import annotations

from typing import Any

import click

from knowledge_client import models
from knowledge_client.command.commands.diff import tell_comparison
from knowledge_client.command.exits import Exit
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, styled
from knowledge_client.command.running import Planned, persist, plan_folder, stage_folder
from knowledge_client.command.session import Session, open_session
from knowledge_client.command.showing import problem_lines, problems_of
from knowledge_client.errors import StillUnderWayError
from knowledge_client.folder import Plan


@click.command(short_help="Stage the folder and start a run.")
@click.option("--dry-run", is_flag=True, help="Write nothing: the same as kb diff.")
@click.option("--wait", is_flag=True, help="Wait until the run is planned, and while others are at work.")
@click.option("-m", "--message", help="What the run is for, for those who review it.")
@common_options
@pass_options
def push(options: Options, dry_run: bool, wait: bool, message: str | None) -> int:
    """Stage what differs and start a run, whose id is printed. Nothing is served before it is applied."""
    with open_session(options) as session:
        if dry_run:
            return tell_comparison(session, text=False)
        planned = persist(session, lambda: _push(session, message, wait=wait), wait=wait)
        return _tell(session, planned)


def _push(session: Session, message: str | None, *, wait: bool) -> Planned:
    if wait:
        return plan_folder(session, message)
    comparison, counts, source_id = stage_folder(session)
    if source_id is None:
        return Planned(comparison, counts, None)
    try:
        run = session.client.runs.start(source_id, timeout_seconds=0, message=message)
    except StillUnderWayError as error:
        run = error.last
    return Planned(comparison, counts, run)


def _tell(session: Session, planned: Planned) -> int:
    plan = planned.comparison.plan
    exit_code = Exit.PROBLEMS if plan.problems or plan.approval else Exit.DONE
    document: dict[str, Any] = {
        "exitCode": int(exit_code),
        "staged": planned.counts,
        "run": planned.run,
        "approvalNeeded": plan.approval,
        **problems_of(plan),
    }
    session.out.tell(document, [*problem_lines(plan), *_lines(planned.counts, planned.run, plan)])
    return exit_code


def _lines(counts: models.BatchCounts | None, run: models.Run | None, plan: Plan) -> list[Line]:
    if counts is None:
        return ["Nothing to do: the folder is served as it is."]
    told = (
        ", ".join(f"{count} {result}" for result, count in counts.items() if count) or "nothing, it was staged before"
    )
    lines: list[Line] = [styled(f"Staged: {told}.")]
    if run is None:
        return [*lines, "Nothing to publish: the folder is served as it is."]
    if plan.approval:
        lines.append(styled((f"Applying it needs --approve-removals {plan.approval}.", "yellow")))
    why = f": {run['reason']}" if run.get("reason") else ""
    return [*lines, styled(("Run ", "bold"), (run["id"], "bold"), f" is {run['state']}{why}. kb apply publishes it.")]
