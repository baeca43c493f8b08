"""The source that a command works on: kb.toml's, or one that is named."""

from __future__ import annotations

import click

from knowledge_client import models
from knowledge_client.command.exits import StoppedError
from knowledge_client.command.kb_toml import NAME
from knowledge_client.command.options import Function
from knowledge_client.command.session import Session


def source_option(function: Function) -> Function:
    """Add `--source`, which is handed to the command as `source_id`."""
    return click.option("--source", "source_id", metavar="SRC", help="The id of the source, instead of kb.toml's.")(
        function
    )


def chosen_source(session: Session, source_id: str | None) -> models.Source:
    """Return the source as it is now. Raises StoppedError when there is none to work on, NotFoundError."""
    if source_id is not None:
        return session.client.sources.get(source_id)
    if not session.has_config:
        raise StoppedError(
            f"there is no {NAME} here or further up, and no source is named",
            code="no_source",
            next_step="Go to the folder of your documents, or name one: --source src_... (kb status --all lists them)",
        )
    source = session.find_source()
    if source is None:
        raise StoppedError(
            f"there is no source {session.config.label} yet",
            code="no_source",
            next_step="Publish the folder with kb apply, or name another source: --source src_...",
        )
    return source
