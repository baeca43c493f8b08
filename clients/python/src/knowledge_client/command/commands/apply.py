"""`kb apply`: publishes the folder, or the plan that somebody looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from knowledge_client import models
from knowledge_client.command.changing import published_counts
from knowledge_client.command.exits import Exit, StoppedError
from knowledge_client.command.guarding import check_removals, refuse_removals
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, styled
from knowledge_client.command.plan_file import PlanFile, read_plan_file
from knowledge_client.command.running import Planned, persist, plan_folder, publishing
from knowledge_client.command.session import Session, open_session, read_config
from knowledge_client.command.showing import problem_lines, problems_of


@click.command(short_help="Publish the folder, or a plan.")
@click.argument("plan", required=False, type=click.Path(path_type=Path))
@click.option("--approve-removals", type=click.IntRange(min=0), metavar="N", help="Let up to N items be removed.")
@click.option("--wait", is_flag=True, help="Wait while others are at work on the source.")
@click.option("-m", "--message", help="Why, for the history.")
@common_options
@pass_options
def apply(options: Options, plan: Path | None, approve_removals: int | None, wait: bool, message: str | None) -> int:
    """Publish the folder as it is now; or with PLAN, which kb plan --out wrote, what that plan showed and nothing else.

    Ends with 0 when it is served, with 3 when the guard stopped it or a file could not be read (its item is served as
    before), with 4 when the API refused, and with 5 when no answer came.
    """
    with open_session(options) as session:
        if plan is not None:
            return _apply_plan(session, read_plan_file(plan), approve_removals, message, wait=wait)
        return _apply_folder(session, approve_removals, message, wait=wait)


def _apply_folder(session: Session, approved: int | None, message: str | None, *, wait: bool) -> int:
    def work() -> tuple[Planned, models.PublishedResponse | None]:
        planned = plan_folder(session, message, lambda comparison: check_removals(comparison, approved))
        if planned.run is None or planned.is_empty:
            return planned, None
        run = planned.run
        return planned, _publish(session, run["sourceId"], run["id"], run["planVersion"], approved, message)

    planned, published = persist(session, work, wait=wait)
    plan = planned.comparison.plan
    exit_code = Exit.PROBLEMS if plan.problems else Exit.DONE
    document = {**_document(published, exit_code), **problems_of(plan)}
    session.out.tell(document, [*problem_lines(plan), *_lines(published, len(plan.rename))])
    return exit_code


def _apply_plan(session: Session, plan: PlanFile, approved: int | None, message: str | None, *, wait: bool) -> int:
    if session.has_config and read_config(session.options).label != plan.label:
        raise StoppedError(
            f"the plan is of {plan.label}, and kb.toml is of {read_config(session.options).label}",
            code="another_plan",
            next_step="Run it where the plan was made, or make a plan here: kb plan --out plan.json",
        )
    if plan.approval > (approved or 0):
        refuse_removals(plan.approval, " items")
    source_id, run_id, version = plan.sourceId, plan.runId, plan.planVersion
    published = persist(
        session, lambda: _publish(session, source_id, run_id, version, approved, message), wait=wait, again=False
    )
    session.out.tell(_document(published, Exit.DONE), _lines(published, 0))
    return Exit.DONE


def _publish(
    session: Session, source_id: str, run_id: str, version: int, approved: int | None, message: str | None
) -> models.PublishedResponse:
    wanted: dict[str, Any] = {"planVersion": version, "approveRemovals": approved, "message": message}
    given = {name: value for name, value in wanted.items() if value is not None}
    with publishing():
        return session.client.runs.apply(source_id, run_id, **given)


def _document(published: models.PublishedResponse | None, exit_code: Exit) -> dict[str, Any]:
    return {
        "exitCode": int(exit_code),
        "outcome": "published" if published else "nothing to do",
        "published": published,
    }


def _lines(published: models.PublishedResponse | None, renames: int) -> list[Line]:
    if published is None:
        return ["Nothing to publish: the folder is served as it is."]
    told = ", ".join(f"{count} {word}" for word, count in published_counts(published["counts"])) or "no changes"
    renamed = f" ({renames} of them renamed)" if renames else ""
    total = published["counts"]["total"]
    return [
        styled(("Published ", "bold green"), f"{published['generationId']}: {told}{renamed}; {total} items are served.")
    ]
