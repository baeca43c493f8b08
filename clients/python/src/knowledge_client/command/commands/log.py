"""`kb log`: what was published, when, by whom and why; or what became of one item. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import click

from knowledge_client import models
from knowledge_client.command.changing import count_columns, described
from knowledge_client.command.choosing import chosen_source, source_option
from knowledge_client.command.exits import Exit
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import columns, styled
from knowledge_client.command.session import Session, open_session

_MOST_A_PAGE = 200


@click.command(short_help="What was published, by whom and why.")
@click.argument("item", required=False)
@click.option(
    "-n", "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, the newest first."
)
@source_option
@common_options
@pass_options
def log(options: Options, item: str | None, limit: int, source_id: str | None) -> int:
    """Show what was published, the newest first: when, by which key, what changed, and the message.

    With ITEM, only the generations that changed it, of those that are kept.
    """
    with open_session(options) as session:
        source = chosen_source(session, source_id)
        has_more = _item(session, source, item, limit) if item else _source(session, source, limit)
        if has_more:
            session.out.note(f"There are more: -n {limit * 5}")
    return Exit.DONE


def _source(session: Session, source: models.Source, limit: int) -> bool:
    listed = session.client.generations.list(source["id"], limit=min(limit + 1, _MOST_A_PAGE))
    found = list(islice(listed, limit + 1))
    rows = [
        [*_when(each, source), count_columns(each["counts"]), each["counts"]["total"], _why(each)]
        for each in found[:limit]
    ]
    lines = columns(["", "generation", "published", "by", "changes", "items", "why"], rows)
    document = {"sourceId": source["id"], "generations": found[:limit], "hasMore": len(found) > limit}
    session.out.tell(document, lines if rows else ["Nothing was published yet."])
    return len(found) > limit


def _item(session: Session, source: models.Source, name: str, limit: int) -> bool:
    found: list[models.HistoryEntry] = []
    last: Mapping[str, Any] = {}
    for page in session.client.items.history(source["id"], name, limit=min(limit + 1, _MOST_A_PAGE)).answers():
        last = page
        found += page["history"]
        if len(found) > limit:
            break
    has_more = len(found) > limit
    rows = [[*_when(each["generation"], source), described(each), _why(each["generation"])] for each in found[:limit]]
    lines = columns(["", "generation", "published", "by", "change", "why"], rows)
    if not rows:
        lines = [styled(f"No generation that is kept changed {name}.")]
    document: dict[str, Any] = {
        "sourceId": source["id"],
        "externalItemId": name,
        "history": found[:limit],
        "hasMore": has_more,
        "earlier": last.get("earlier"),
        "erasedAt": last.get("erasedAt"),
    }
    if last.get("erasedAt"):
        lines.append(styled((f"It was erased {last['erasedAt']}, and nothing before is told.", "yellow")))
    elif last.get("earlier") and not has_more:
        lines.append("It was served before what is kept, too.")
    session.out.tell(document, lines)
    return has_more


def _when(generation: Mapping[str, Any], source: models.Source) -> Sequence[object]:
    author = generation.get("createdBy")
    is_served = generation["id"] == source["generationId"]
    return ["*" if is_served else "", generation["id"], generation["publishedAt"], author["name"] if author else ""]


def _why(generation: Mapping[str, Any]) -> str:
    if generation.get("message"):
        return str(generation["message"])
    said = {"restore": "an earlier one was restored", "compaction": "tidied up, serves the same", "erasure": "erased"}
    return said.get(generation["origin"], "")
