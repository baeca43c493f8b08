"""`kb rm`: takes items out of what is to be published. Lists them first; nothing is published."""

from __future__ import annotations

from collections.abc import Sequence

import click

from knowledge_client import ApiError, models
from knowledge_client.command.changing import SHOWN
from knowledge_client.command.choosing import chosen_source, source_option
from knowledge_client.command.confirming import confirm
from knowledge_client.command.exits import Exit, StoppedError
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, styled
from knowledge_client.command.session import Session, open_session

_BATCH_ITEMS = 1_000


@click.command(short_help="Stage the removal of items by the beginning of their ids.")
@click.argument("prefix")
@click.option("--exact", is_flag=True, help="Only the item whose id is exactly that.")
@click.option("--dry-run", is_flag=True, help="List them, and write nothing. Ends with 2 if there are any.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@source_option
@common_options
@pass_options
def rm(options: Options, prefix: str, exact: bool, dry_run: bool, yes: bool, source_id: str | None) -> int:
    """Stage the removal of every item whose id begins with PREFIX. They are listed first, and asked for.

    Nothing is published by it: the next run shows the removals, and once it is applied they are served for the source's
    days of grace. Files that are still in a folder come back with its next kb push.
    """
    if not prefix:
        raise StoppedError(
            "an empty prefix names every item", code="usage", next_step="Name the beginning of their ids."
        )
    with open_session(options) as session:
        source = chosen_source(session, source_id)
        listed = session.client.items.list(source["id"], state="active", prefix=prefix, limit=1_000)
        found = [each for each in listed if not exact or each["externalItemId"] == prefix]
        if dry_run or not found:
            session.out.tell(_document(source, found, removed=0), _lines(found, prefix))
            return Exit.CHANGES if found else Exit.DONE
        session.out.show(_lines(found, prefix))
        confirm(session, f"Stage the removal of {_count(found)} from {source['name']}?", yes=yes)
        _remove(session, source["id"], [each["externalItemId"] for each in found])
        days = source["graceDays"]
        grace = f" Once it is published they are served for {days} days more." if days else ""
        told = f"{_count(found)} staged for removal; the next run shows it, and nothing is published yet.{grace}"
        session.out.tell(_document(source, found, removed=len(found)), [told])
    return Exit.DONE


def _remove(session: Session, source_id: str, names: Sequence[str]) -> None:
    with session.out.progress("Staging removals", len(names)) as advance:
        for start in range(0, len(names), _BATCH_ITEMS):
            try:
                session.client.items.push_batch(source_id, removals=names[start : start + _BATCH_ITEMS])
            except ApiError:
                session.out.note(f"{start} of {len(names)} removals were staged before")
                raise
            advance(min(start + _BATCH_ITEMS, len(names)))


def _document(source: models.Source, found: Sequence[models.Item], *, removed: int) -> dict[str, object]:
    items = [{"externalItemId": each["externalItemId"], "title": each["title"]} for each in found]
    return {"sourceId": source["id"], "items": items, "removed": removed}


def _lines(found: Sequence[models.Item], prefix: str) -> list[Line]:
    if not found:
        return [styled(f"No item's id begins with {prefix}.")]
    lines: list[Line] = [styled((f"- {each['externalItemId']}", "red"), f"  {each['title']}") for each in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"  and {len(found) - SHOWN} more; --dry-run --json has all")
    return lines


def _count(found: Sequence[object]) -> str:
    return f"{len(found)} item{'s' if len(found) != 1 else ''}"
