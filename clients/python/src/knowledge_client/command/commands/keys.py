"""`kb keys`: the keys of the tenant, for a key that manages keys. A secret is shown once, when it is made."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast, get_args

import click

from knowledge_client import models
from knowledge_client.command.confirming import confirm
from knowledge_client.command.exits import Exit, StoppedError
from knowledge_client.command.options import (
    Function,
    Options,
    common_options,
    help_without_command,
    pass_options,
)
from knowledge_client.command.output import columns, styled
from knowledge_client.command.session import Session, open_session

_SCOPES = get_args(models.Scope)


def _to_option(function: Function) -> Function:
    return click.option(
        "-o", "--to", "target", type=click.Path(path_type=Path), help="A new file for the secret, instead of stdout."
    )(function)


@click.group(short_help="List, make, rotate and revoke keys.", invoke_without_command=True)
@click.pass_context
def keys(context: click.Context) -> None:
    """List, make, rotate and revoke the tenant's keys. It takes a key with the scope keys:manage."""
    help_without_command(context)


@keys.command("list", short_help="List keys.")
@click.option("--status", type=click.Choice(["active", "disabled", "expired", "revoked"]), help="Only these.")
@common_options
@pass_options
def list_keys(options: Options, status: str | None) -> int:
    """List the tenant's keys, the newest first."""
    with open_session(options) as session:
        query = cast(models.ListKeysQuery, {"status": status} if status else {})
        found = list(session.client.keys.list(**query))
        rows = [
            [
                each["id"],
                each["name"],
                each["status"],
                each["environment"],
                each["lastUsedAt"] or "never",
                each["expiresAt"] or "never",
                " ".join(each["scopes"]),
            ]
            for each in found
        ]
        head = ["key", "name", "status", "for", "last used", "ends", "scopes"]
        session.out.tell({"keys": found}, columns(head, rows))
    return Exit.DONE


@keys.command("create", short_help="Make a key.")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    type=click.Choice(_SCOPES),
    help="What it may do, such as items:read; several times.",
)
@click.option("--source", "source_ids", multiple=True, metavar="SRC", help="A source that it reaches; else all.")
@click.option("--expires", metavar="TIME", help="When it ends, such as 2027-01-31T00:00:00Z.")
@click.option("--test", "for_test", is_flag=True, help="A key of the test environment.")
@click.option("--description", help="What it is for.")
@_to_option
@common_options
@pass_options
def create_key(
    options: Options,
    name: str,
    scopes: tuple[models.Scope, ...],
    source_ids: tuple[str, ...],
    expires: str | None,
    for_test: bool,
    description: str | None,
    target: Path | None,
) -> int:
    """Make a key called NAME. Its secret goes to stdout, or into a new file, and is shown nowhere again."""
    _check_place(options, target)
    wanted: models.CreateKeyRequest = {"name": name}
    if scopes:
        wanted["scopes"] = [*scopes]
    if source_ids:
        wanted["sourceIds"] = [*source_ids]
    if expires is not None:
        wanted["expiresAt"] = expires
    if for_test:
        wanted["environment"] = "test"
    if description is not None:
        wanted["description"] = description
    with open_session(options) as session:
        made = session.client.keys.create(**wanted)
        _hand_over(session, made, target)
        session.out.note(f"{made['key']['id']} ({name}) may {' '.join(made['key']['scopes'])}")
    return Exit.DONE


@keys.command("rotate", short_help="Make the successor of a key.")
@click.argument("key_id", metavar="KEY")
@click.option("--overlap", type=click.IntRange(0), metavar="SECONDS", help="For how long the old one works on.")
@_to_option
@common_options
@pass_options
def rotate_key(options: Options, key_id: str, overlap: int | None, target: Path | None) -> int:
    """Make a key that may do the same; the old one works on for a while. The secret goes where that of create goes."""
    _check_place(options, target)
    more = cast(models.RotateKeyRequest, {} if overlap is None else {"overlapSeconds": overlap})
    with open_session(options) as session:
        made = session.client.keys.rotate(key_id, **more)
        _hand_over(session, made, target)
        session.out.note(f"{made['key']['id']} follows {key_id}, which ends {made['previousKey']['expiresAt']}")
    return Exit.DONE


@keys.command("revoke", short_help="End a key for good.")
@click.argument("key_id", metavar="KEY")
@click.option("--dry-run", is_flag=True, help="Show the key, and leave it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common_options
@pass_options
def revoke_key(options: Options, key_id: str, dry_run: bool, yes: bool) -> int:
    """End a key, at once and for good. It is shown first, and asked for."""
    with open_session(options) as session:
        key = session.client.keys.get(key_id)
        line = styled(
            (key["id"], "bold"), f"  {key['name']}, {key['status']}, last used {key['lastUsedAt'] or 'never'}"
        )
        if dry_run:
            session.out.tell({"key": key}, [line])
            return Exit.DONE
        session.out.show([line])
        confirm(session, f"Revoke {key['name']}? What uses it is refused from then on.", yes=yes)
        revoked = session.client.keys.revoke(key_id)
        session.out.tell({"key": revoked}, [styled(f"{key_id} is revoked")])
    return Exit.DONE


def _check_place(options: Options, target: Path | None) -> None:
    """Stop before a key is made whose secret would have no place."""
    if target is None and options.quiet and not options.json:
        raise StoppedError(
            "--quiet would throw the secret away", code="usage", next_step="Name a file for it: --to FILE"
        )
    if target is not None and target.exists():
        raise StoppedError(f"{target} is there already", code="file_exists", next_step="Name another one.")
    if target is not None and not target.absolute().parent.is_dir():
        raise StoppedError(
            f"there is no folder for {target}", code="file_error", next_step="Make it, or name another one."
        )


def _hand_over(session: Session, made: models.NewKeyResponse | models.RotatedKeyResponse, target: Path | None) -> None:
    document: dict[str, Any] = {name: value for name, value in made.items() if target is None or name != "secret"}
    lines: Sequence[str] = [made["secret"]]
    if target is not None:
        lines = []
        try:
            # Nobody else may read it, not for a moment.
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(handle, "w", encoding="ascii") as file:  # noqa: PTH123 - of a descriptor
                file.write(made["secret"] + "\n")
        except OSError as error:
            # It can't be had again, so it is shown after all.
            session.out.note((f"{target} can't be written: {error.strerror or error}", "red"))
            document, lines = dict(made), [made["secret"]]
    session.out.tell(document, lines)
