"""`kb status`: what is served, and what waits. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from knowledge_client import models
from knowledge_client.command.exits import Exit
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, columns, styled
from knowledge_client.command.session import Session, open_session
from knowledge_client.errors import ForbiddenError

_UNDER_WAY = ("awaiting_upload", "queued", "staging", "planning", "applying")


@click.command(short_help="What is served, and what waits.")
@click.option("--all", "every", is_flag=True, help="Every source that the key reaches.")
@common_options
@pass_options
def status(options: Options, every: bool) -> int:
    """Show the source of kb.toml: what is served, when it was published, what waits, and which imports are under way.

    Without a kb.toml, or with --all, every source that the key reaches.
    """
    with open_session(options) as session:
        return _every(session) if every or not session.has_config else _one(session)


def _one(session: Session) -> int:
    source = session.find_source()
    if source is None:
        config = session.config
        document: dict[str, Any] = {"source": None, "label": config.label, "imports": []}
        session.out.tell(document, [f"{config.name}: nothing is published yet, and there is no source {config.label}."])
        return Exit.DONE
    imports = _imports_under_way(session, source["id"])
    session.out.tell({"source": source, "imports": imports}, _lines(source, imports))
    return Exit.DONE


def _imports_under_way(session: Session, source_id: str) -> list[models.Import]:
    try:
        return [each for each in session.client.imports.list(source_id) if each["state"] in _UNDER_WAY]
    except ForbiddenError:
        # A key that only reads sees no imports.
        return []


def _lines(source: models.Source, imports: Iterable[models.Import]) -> Iterable[Line]:
    yield styled((source["name"], "bold"), f"  {source['id']}  {source.get('label') or ''}".rstrip())
    if source["generationId"] is None:
        yield "serves nothing yet"
    else:
        told = f"generation {source['sequence']} ({source['generationId']}), {source.get('servedItems', 0)} items"
        yield styled(f"serves {told}, since {source.get('lastPublishedAt')}")
    if source["status"] != "active" or source.get("serving") == "off":
        yield styled((f"{source['status']}, serving {source.get('serving', 'on')}", "yellow"))
    yield _pending(source)
    lock = source.get("publishLock")
    if lock:
        yield styled((f"publishing is locked: {lock['reason']}", "yellow"))
    for each in imports:
        yield styled(f"import {each['id']} is {each['state']}")


def _pending(source: models.Source) -> Line:
    pending = source.get("pendingChanges")
    if pending is None:
        return "a publication is being tidied up"
    if not pending and not source.get("pendingChangesMore"):
        return "nothing waits to be published"
    more = " or more" if source.get("pendingChangesMore") else ""
    return styled((f"{pending}{more} changes wait to be published", "yellow"))


def _every(session: Session) -> int:
    sources = list(session.client.sources.list())
    rows: list[list[Any]] = [
        [
            each["id"],
            each["name"],
            each.get("servedItems", 0),
            each.get("lastPublishedAt") or "never",
            each.get("label") or "",
        ]
        for each in sources
    ]
    head = ["source", "name", "items", "last published", "label"]
    session.out.tell({"sources": sources}, columns(head, rows) if rows else ["The key reaches no source."])
    return Exit.DONE
