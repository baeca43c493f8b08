"""Asks before something is done that others see; where nobody can be asked, an option has to say it."""

from __future__ import annotations

import sys

import click

from knowledge_client.command.exits import StoppedError
from knowledge_client.command.output import shown
from knowledge_client.command.session import Session


def confirm(session: Session, question: str, *, yes: bool) -> None:
    """Ask a question that `yes` answers beforehand. Raises StoppedError when the answer is no, or nobody is there."""
    if yes:
        return
    options = session.options
    if options.json or options.quiet or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise StoppedError(
            f"{question} Nobody can be asked here, so nothing was done",
            code="not_confirmed",
            next_step="Look at what it would do with --dry-run, then say --yes.",
        )
    if not click.confirm(shown(question), default=False, err=True):
        raise StoppedError("nothing was done", code="declined", next_step="")
