"""`kb plan`: stages the folder, and shows what its run would publish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from knowledge_client import models
from knowledge_client.command.commands.diff import SHOWN_TEXTS
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, styled
from knowledge_client.command.plan_file import PlanFile, write_plan_file
from knowledge_client.command.running import Planned, persist, plan_folder
from knowledge_client.command.session import Session, open_session
from knowledge_client.command.showing import exit_of, problems_of, run_lines
from knowledge_client.command.texts import field_changes, text_changes


@click.command(short_help="Stage the folder, and show what its run would publish.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Write the plan, for kb apply FILE.")
@click.option("--text/--no-text", default=True, help=f"Show the lines that differ, of up to {SHOWN_TEXTS} items.")
@click.option("--wait", is_flag=True, help="Wait while others are at work on the source.")
@click.option("-m", "--message", help="What the run is for, for those who review it.")
@common_options
@pass_options
def plan(options: Options, out: Path | None, text: bool, wait: bool, message: str | None) -> int:
    """Stage the folder, start a run, and show what the run would publish: from the run itself, texts included.

    Ends with 2 when there are changes, with 3 when there is a problem or when removals need approval.
    """
    with open_session(options) as session:
        planned = persist(session, lambda: plan_folder(session, message), wait=wait)
        if out is not None:
            _write(session, out, planned)
        exit_code = _tell(session, planned, text=text and not options.quiet)
        if out is not None and planned.run is not None:
            approval = planned.comparison.plan.approval
            more = f" --approve-removals {approval}" if approval else ""
            session.out.note(f"kb apply {out}{more} publishes this plan.")
        return exit_code


def _write(session: Session, out: Path, planned: Planned) -> None:
    run = planned.run
    if run is None:
        # An older plan of that name must not be taken for this one.
        out.unlink(missing_ok=True)
        return
    label, approval = session.config.label, planned.comparison.plan.approval
    write_plan_file(out, PlanFile(label, run["sourceId"], run["id"], run["planVersion"], approval))


def _tell(session: Session, planned: Planned, *, text: bool) -> int:
    comparison, run = planned.comparison, planned.run
    exit_code = exit_of(comparison.plan)
    with_texts = _with_texts(session, run) if run is not None and text else []
    document: dict[str, Any] = {
        "exitCode": int(exit_code),
        "run": run,
        "changes": planned.changes,
        "texts": with_texts,
        "renamed": [[each.served.external_item_id, each.document.external_item_id] for each in comparison.plan.rename],
        "approvalNeeded": comparison.plan.approval,
        **problems_of(comparison.plan),
    }
    texts = {each["externalItemId"]: _text_of(each) for each in with_texts}
    lines = [*run_lines(comparison, planned.changes, texts)]
    if run is not None:
        lines.append(
            styled(("Run ", "bold"), (run["id"], "bold"), f", plan version {run['planVersion']}. Nothing is published.")
        )
    session.out.tell(document, lines)
    return exit_code


def _with_texts(session: Session, run: models.Run) -> list[models.RunChange]:
    """Read the first updates with what they are before and after, as the run has them."""
    changes = session.client.runs.changes(
        run["sourceId"], run["id"], with_content=True, change="updated", limit=SHOWN_TEXTS
    )
    found: list[models.RunChange] = []
    for page in changes.pages():
        found += page
        if len(found) >= SHOWN_TEXTS:
            break
    return found[:SHOWN_TEXTS]


def _text_of(change: models.RunChange) -> list[Line]:
    before: Any = change.get("before", {})
    after: Any = change.get("after", {})
    lines = field_changes(before, after)
    if "content" in before and "content" in after:
        lines += text_changes(before["content"], after["content"])
    elif "contentUrl" in before or "contentUrl" in after:
        lines.append(styled("    a text too large to show"))
    return lines
