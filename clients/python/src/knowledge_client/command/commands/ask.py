"""`kb ask`: answers a question in the words of what is served. Writes nothing; the question counts."""

from __future__ import annotations

from collections.abc import Iterator

import click

from knowledge_client import models
from knowledge_client.command.choosing import source_option
from knowledge_client.command.commands.search import searched
from knowledge_client.command.exits import Exit
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, styled
from knowledge_client.command.session import open_session


@click.command(short_help="Ask a question of what is served.")
@click.argument("question")
@click.option("--language", metavar="TAG", help="The language of the question, such as pt-BR.")
@click.option("--everywhere", is_flag=True, help="Of every source that the key reaches.")
@source_option
@common_options
@pass_options
def ask(options: Options, question: str, language: str | None, everywhere: bool, source_id: str | None) -> int:
    """Answer a question from what is served, with the words that say so and where they stand."""
    with open_session(options) as session:
        wanted: models.AnswerRequest = {"question": question}
        named = searched(session, source_id, everywhere=everywhere)
        if named is not None:
            wanted["sourceIds"] = named
        if language is not None:
            wanted["language"] = language
        answer = session.client.ask(**wanted)
        session.out.tell(answer, _lines(answer))
    return Exit.DONE


def _lines(answer: models.AnswerResponse) -> Iterator[Line]:
    if answer["status"] == "not_found":
        yield "Nothing that is served answers that."
        return
    for line in str(answer["answer"]).splitlines():
        yield styled(line.expandtabs())
    yield ""
    for citation in answer["citations"]:
        quote = " ".join(citation["quote"].split())
        yield styled((f"[{citation['n']}] ", "bold"), f"“{quote}”")
        url = f"  {citation['url']}" if citation["url"] else ""
        yield styled(f"    {citation['title']} ({citation['externalItemId']})", (url, "cyan"))
