"""`kb search`: finds what is served, or what a run would publish. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import click
from rich.text import Text

from knowledge_client import models
from knowledge_client.command.choosing import chosen_source, source_option
from knowledge_client.command.exits import Exit
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, styled
from knowledge_client.command.session import Session, open_session

_MOST_A_PAGE = 50


@click.command(short_help="Search what is served.")
@click.argument("query")
@click.option("-n", "--limit", type=click.IntRange(1, 1_000), default=10, show_default=True, help="How many results.")
@click.option("--run", "run_id", metavar="RUN", help="Search what this run would publish, not what is served.")
@click.option("--everywhere", is_flag=True, help="In every source that the key reaches.")
@source_option
@common_options
@pass_options
def search(
    options: Options, query: str, limit: int, run_id: str | None, everywhere: bool, source_id: str | None
) -> int:
    """Search what is served by its words; the best come first. Without a kb.toml, in every source."""
    with open_session(options) as session:
        wanted: models.SearchRequest = {"query": query, "limit": min(limit, _MOST_A_PAGE)}
        if run_id is not None:
            wanted |= {"sourceIds": [chosen_source(session, source_id)["id"]], "runId": run_id}
        elif (named := searched(session, source_id, everywhere=everywhere)) is not None:
            wanted["sourceIds"] = named
        results = list(islice(session.client.search_all(**wanted), limit))
        lines = list(_lines(results)) if results else [styled(f"Nothing is found for {query}.")]
        session.out.tell({"results": results}, lines)
    return Exit.DONE


def searched(session: Session, source_id: str | None, *, everywhere: bool) -> list[str] | None:
    """Return the sources to look in, None for all that the key reaches."""
    if everywhere or (source_id is None and not session.has_config):
        return None
    return [chosen_source(session, source_id)["id"]]


def _lines(results: Sequence[models.SearchResult]) -> Iterator[Line]:
    for result in results:
        yield _marked(result["title"], result["highlights"]["title"], "bold")
        yield styled(f"    {result['externalItemId']}", (f"  {result['url']}" if result["url"] else "", "cyan"))
        # One line, whatever the text's own are.
        snippet = "".join(" " if character.isspace() else character for character in result["snippet"])
        line = Text("    ")
        line.append_text(_marked(snippet, result["highlights"]["snippet"]))
        yield line


def _marked(text: str, places: Sequence[models.SearchHighlight], style: str = "") -> Text:
    """A text in which the words that were asked for stand out; places count characters."""
    parts: list[tuple[object, str]] = []
    at = 0
    for place in sorted(places, key=lambda each: each["start"]):
        parts += [(text[at : place["start"]], style), (text[place["start"] : place["end"]], f"{style} yellow".strip())]
        at = place["end"]
    return styled(*parts, (text[at:], style))
