"""`kb status`: what is served, and what waits. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import click

from knowledge_client import models
from knowledge_client.command.choosing import source_option
from knowledge_client.command.exits import Exit
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, columns, styled
from knowledge_client.command.session import Session, open_session
from knowledge_client.errors import ForbiddenError

_UNDER_WAY = ("awaiting_upload", "queued", "staging", "planning", "applying")
# A look is two or three requests of a key's limit of a minute.
_PAUSE_SECONDS = 5.0


class _Look(NamedTuple):
    """What was found at one time: as JSON, and as lines."""

    document: dict[str, Any]
    lines: list[Line]


@click.command(short_help="What is served, and what waits.")
@click.option("--all", "every", is_flag=True, help="Every source that the key reaches.")
@click.option("--watch", is_flag=True, help="Look every 5 seconds, and tell it again when it changes, until Ctrl-C.")
@source_option
@common_options
@pass_options
def status(options: Options, every: bool, watch: bool, source_id: str | None) -> int:
    """Show the source of kb.toml: what is served, when it was published, what waits, and which imports are under way.

    Without a kb.toml, or with --all, every source that the key reaches. With --watch and --json, each change is a
    JSON document of its own.
    """
    with open_session(options) as session:
        if source_id is not None:
            look: Callable[[Session], _Look] = partial(_named, source_id)
        else:
            look = _every if every or not session.has_config else _one
        if watch:
            return _watch(session, look)
        session.out.tell(*look(session))
        return Exit.DONE


def _watch(session: Session, look: Callable[[Session], _Look]) -> int:
    """Tell what is found whenever it differs from what was told last. A Ctrl-C is how it ends, and no failure."""
    told = None
    try:
        while True:
            found = look(session)
            if found.document != told:
                told = found.document
                at = f"-- {session.time.now():%Y-%m-%d %H:%M:%S} UTC"
                session.out.tell(told, [styled((at, "dim")), *found.lines])
            session.sleep(_PAUSE_SECONDS)
    except KeyboardInterrupt:
        return Exit.DONE


def _one(session: Session) -> _Look:
    source = session.find_source()
    if source is None:
        config = session.config
        document: dict[str, Any] = {"source": None, "label": config.label, "imports": []}
        return _Look(document, [f"{config.name}: nothing is published yet, and there is no source {config.label}."])
    return _told(session, source)


def _named(source_id: str, session: Session) -> _Look:
    return _told(session, session.client.sources.get(source_id))


def _told(session: Session, source: models.Source) -> _Look:
    imports = _imports_under_way(session, source["id"])
    return _Look({"source": source, "imports": imports}, list(_lines(source, imports)))


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
    if not pending:
        # Nobody counted: what is staged stayed as it was when an earlier state was served again.
        return styled(("what is staged may differ from what is served: kb plan shows it", "yellow"))
    more = " or more" if source.get("pendingChangesMore") else ""
    told = "1 change waits" if pending == 1 and not more else f"{pending}{more} changes wait"
    return styled((f"{told} to be published", "yellow"))


def _every(session: Session) -> _Look:
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
    return _Look({"sources": sources}, columns(head, rows) if rows else ["The key reaches no source."])
