"""`kb rollback`: serves what an earlier generation served. Shows what that changes, and asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from knowledge_client import models
from knowledge_client.command.changing import change_lines, counted
from knowledge_client.command.choosing import chosen_source, source_option
from knowledge_client.command.confirming import confirm
from knowledge_client.command.exits import Exit, StoppedError
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, styled
from knowledge_client.command.running import publishing
from knowledge_client.command.session import Session, open_session


@click.command(short_help="Serve again what an earlier generation served.")
@click.argument("generation", metavar="[gen_...]", required=False)
@click.option("-m", "--message", help="Why; it stays with the generation.")
@click.option(
    "--dry-run", is_flag=True, help="Show what it would change, and publish nothing. Ends with 2 for changes."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@source_option
@common_options
@pass_options
def rollback(
    options: Options, generation: str | None, message: str | None, dry_run: bool, yes: bool, source_id: str | None
) -> int:
    """Publish at once what an earlier generation served, as a new one; without an id, the last one that was different.

    What is staged stays, so the next run would publish it again: put the folder right before the next kb apply.
    """
    with open_session(options) as session:
        source = chosen_source(session, source_id)
        current, target = _current_and_target(session, source["id"], generation)
        changes = list(session.client.generations.changes(source["id"], target["id"], since_generation=current["id"]))
        document = {"sourceId": source["id"], "from": current["id"], "to": target["id"], "changes": changes}
        if dry_run or not changes:
            session.out.tell({**document, "generationId": None}, _lines(current, target, changes))
            return Exit.CHANGES if changes else Exit.DONE
        session.out.show(_lines(current, target, changes))
        confirm(session, f"Serve again what generation {target['sequence']} of {source['name']} served?", yes=yes)
        with publishing():
            published = session.client.generations.restore(source["id"], target["id"], message=message)
        new = session.client.generations.get(source["id"], published["generationId"])
        told = f"generation {new['sequence']} ({new['id']}) serves the {new['counts']['total']} items of {target['id']}"
        session.out.tell({**document, "generationId": new["id"], "replaced": new["baseGenerationId"]}, [styled(told)])
        session.out.note("What is staged stayed as it is: the next run would publish it again.")
        if new["baseGenerationId"] not in {current["id"], target["id"]} and new["id"] != current["id"]:
            session.out.note(
                (f"{new['baseGenerationId']} was published meanwhile, and is not served any more", "bold yellow")
            )
            return Exit.PROBLEMS
    return Exit.DONE


def _current_and_target(
    session: Session, source_id: str, generation_id: str | None
) -> tuple[models.Generation, models.Generation]:
    """Return what is served and what is to be; raises StoppedError when there is nothing to go back to."""
    current = session.client.generations.get(source_id)
    if generation_id is not None:
        return current, session.client.generations.get(source_id, generation_id)
    for earlier in session.client.generations.list(source_id):
        is_earlier = earlier["sequence"] < current["sequence"]
        if is_earlier and earlier["retiredAt"] is None and earlier["rootHash"] != current["rootHash"]:
            return current, earlier
    raise StoppedError(
        "no earlier generation that is kept served something else",
        code="nothing_earlier",
        next_step="kb log lists what is kept.",
    )


def _lines(
    current: models.Generation, target: models.Generation, changes: Sequence[models.GenerationChange]
) -> Iterator[Line]:
    yield styled(
        f"serves generation {current['sequence']} ({current['id']}); back to {target['sequence']} ({target['id']})"
        f" of {target['publishedAt']}" + (f": {target.get('message')}" if target.get("message") else "")
    )
    yield from change_lines(changes)
    yield styled((f"Plan: {counted(changes)}.", "bold"))
