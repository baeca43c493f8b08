"""`kb log`: what was published, when, by whom and why. Writes nothing."""

from __future__ import annotations

from itertools import islice

import click

from knowledge_client import models
from knowledge_client.command.changing import count_columns
from knowledge_client.command.choosing import chosen_source, source_option
from knowledge_client.command.exits import Exit
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import columns
from knowledge_client.command.session import open_session

_MOST_A_PAGE = 200


@click.command(short_help="What was published, by whom and why.")
@click.option(
    "-n", "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, the newest first."
)
@source_option
@common_options
@pass_options
def log(options: Options, limit: int, source_id: str | None) -> int:
    """Show what was published, the newest first: when, by which key, what changed, and the message."""
    with open_session(options) as session:
        source = chosen_source(session, source_id)
        listed = session.client.generations.list(source["id"], limit=min(limit + 1, _MOST_A_PAGE))
        found = list(islice(listed, limit + 1))
        generations = found[:limit]
        lines = columns(
            ["", "generation", "published", "by", "changes", "items", "why"],
            [_row(each, source) for each in generations],
        )
        if not generations:
            lines = ["Nothing was published yet."]
        document = {"sourceId": source["id"], "generations": generations, "hasMore": len(found) > limit}
        session.out.tell(document, lines)
        if len(found) > limit:
            session.out.note(f"There are more: -n {limit * 5}")
    return Exit.DONE


def _row(generation: models.Generation, source: models.Source) -> list[object]:
    author = generation.get("createdBy")
    why = generation.get("message") or {
        "restore": f"restored {generation['restoredFrom']}",
        "compaction": "tidied up, serves the same",
        "erasure": "erased",
    }.get(generation["origin"], "")
    return [
        "*" if generation["id"] == source["generationId"] else "",
        generation["id"],
        generation["publishedAt"],
        author["name"] if author else "",
        count_columns(generation["counts"]),
        generation["counts"]["total"],
        why,
    ]
