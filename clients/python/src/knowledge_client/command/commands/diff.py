"""`kb diff`: what publishing the folder would change. Writes nothing, and needs a key that reads."""

from __future__ import annotations

import click

from knowledge_client.command.comparing import Comparison, compare
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, styled
from knowledge_client.command.session import Session, open_session
from knowledge_client.command.showing import comparison_lines, document_of, exit_of
from knowledge_client.command.texts import field_changes, text_changes
from knowledge_client.folder import Change

# So many texts are read and compared, each by a request of its own.
SHOWN_TEXTS = 20


@click.command(short_help="What publishing the folder would change.")
@click.option("--text/--no-text", default=True, help=f"Show the lines that differ, of up to {SHOWN_TEXTS} items.")
@common_options
@pass_options
def diff(options: Options, text: bool) -> int:
    """Compare the folder with what is served, by hashes. Writes nothing; a key that only reads will do.

    Ends with 2 when there are changes, with 3 when there is a problem or when removals need approval.
    """
    with open_session(options) as session:
        return tell_comparison(session, text=text)


def tell_comparison(session: Session, *, text: bool) -> int:
    """Compare, print, and return the exit code."""
    comparison = compare(session)
    texts = _texts(session, comparison) if text and not session.options.json and not session.options.quiet else {}
    exit_code = exit_of(comparison.plan)
    document = {"exitCode": int(exit_code), **document_of(comparison)}
    session.out.tell(document, [*comparison_lines(comparison, texts), "Nothing was written."])
    return exit_code


def _texts(session: Session, comparison: Comparison) -> dict[str, list[Line]]:
    shown = comparison.plan.change[:SHOWN_TEXTS]
    return {each.document.external_item_id: _text_of(session, comparison, each) for each in shown}


def _text_of(session: Session, comparison: Comparison, change: Change) -> list[Line]:
    name = change.document.external_item_id
    source, generation_id = comparison.source, comparison.generation_id
    assert source is not None and generation_id is not None  # noqa: S101 - it is served there
    served = session.client.generations.item(source["id"], name, generation_id)
    item = comparison.reader.item_of(change.document)
    lines = field_changes(served, item)
    if "content" not in served:
        return [*lines, styled("    a text too large to show")]
    return [*lines, *text_changes(served["content"], item["content"])]
