"""`kb export`: writes all that a generation serves as one file. Changes nothing of what is served."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from knowledge_client import models
from knowledge_client.command.choosing import chosen_source, source_option
from knowledge_client.command.exits import Exit, StoppedError
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import styled
from knowledge_client.command.session import Session, open_session
from knowledge_client.resources.generations import CURRENT

_PIECE_BYTES = 1_048_576


@click.command(short_help="Write all that is served as one file.")
@click.argument("generation", metavar="[gen_...]", required=False)
@click.option(
    "-o", "--to", "target", type=click.Path(path_type=Path), help="The file, gzipped if it ends in .gz; else stdout."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--timeout", default=3_600, show_default=True, type=click.IntRange(1), help="Seconds to wait at most.")
@source_option
@common_options
@pass_options
def export(
    options: Options, generation: str | None, target: Path | None, force: bool, timeout: int, source_id: str | None
) -> int:
    """Write what is served, or what an earlier generation served: an item a line (NDJSON), as kb import takes it.

    `kb export > items.ndjson` writes to stdout; a file named by --to is there whole, or not at all.
    """
    _check_target(options, target, force=force)
    with open_session(options) as session, tempfile.TemporaryDirectory(prefix="kb-export-") as folder:
        source = chosen_source(session, source_id)
        packed = Path(folder) / "items.ndjson.gz"
        ended = _exported(session, source["id"], generation or CURRENT, packed, timeout)
        if target is None:
            for piece in _inflated(packed):
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        else:
            _write(packed, target)
        told = f"{ended['itemsWritten']} items of {ended['generationId']} written"
        if target is not None:
            session.out.tell({"export": ended, "file": str(target)}, [styled(f"{told} to {target}")])
        else:
            session.out.note(told)
    return Exit.DONE


def _check_target(options: Options, target: Path | None, *, force: bool) -> None:
    """Stop before anything is asked of the API when the file has no place."""
    if target is None and options.json:
        raise StoppedError(
            "stdout can't have the items and the document of --json",
            code="usage",
            next_step="Name a file for the items: --to items.ndjson",
        )
    if target is None and sys.stdout.isatty():
        raise StoppedError(
            "a terminal is no place for the items",
            code="usage",
            next_step="Name a file, --to items.ndjson, or send them to one: kb export > items.ndjson",
        )
    if target is not None and target.exists() and not force:
        raise StoppedError(
            f"{target} is there already", code="file_exists", next_step="Name another one, or say --force."
        )
    if target is not None and not target.absolute().parent.is_dir():
        raise StoppedError(
            f"there is no folder for {target}", code="file_error", next_step="Make it, or name another one."
        )


def _exported(session: Session, source_id: str, generation_id: str, file: Path, timeout_seconds: int) -> models.Export:
    exports = session.client.exports
    begun = exports.create(source_id, generation_id)
    with session.out.progress(f"{begun['id']} is written"):
        ended = exports.wait(source_id, begun["generationId"], begun["id"], timeout_seconds=timeout_seconds)
    with session.out.progress(f"Downloading {begun['id']}", ended["bytes"]) as advance:
        exports.download(ended, file, progress=lambda came, _size: advance(came))
    return ended


def _write(packed: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as written:
            if target.name.endswith(".gz"):
                with packed.open("rb") as read:
                    shutil.copyfileobj(read, written)
            else:
                _copy(packed, written)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _copy(packed: Path, written: BinaryIO) -> None:
    for piece in _inflated(packed):
        written.write(piece)


def _inflated(packed: Path) -> Iterator[bytes]:
    """Yield the bytes in a gzip file of many members, a bounded piece at a time."""
    try:
        with gzip.open(packed) as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise StoppedError(
            f"the file that came is damaged: {error}",
            code="file_damaged",
            next_step="Run it again.",
            exit_code=Exit.NETWORK,
        ) from error
