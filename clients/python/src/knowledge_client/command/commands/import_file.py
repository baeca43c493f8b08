"""`kb import`: takes a file of items in. Uploads it, waits if it is asked to, and tells every bad line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import click

from knowledge_client import FailedError, models
from knowledge_client.command.choosing import chosen_source, source_option
from knowledge_client.command.exits import Exit, StoppedError
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, columns, styled
from knowledge_client.command.session import Session, open_session

_SHOWN = 20
_TOLD = 1_000
Mode = Literal["upsert", "snapshot"]


@click.command("import", short_help="Take in a file of items.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mode",
    type=click.Choice(["upsert", "snapshot"]),
    required=True,
    help="upsert adds and changes what the file names; snapshot also removes what it does not name.",
)
@click.option("--apply", "publishes", is_flag=True, help="Publish it once it is staged.")
@click.option("--wait", is_flag=True, help="Wait for the end.")
@click.option("--max-rejected", type=click.IntRange(0), help="How many bad lines it stands; none with --apply.")
@click.option("--timeout", default=3_600, show_default=True, type=click.IntRange(1), help="Seconds to wait at most.")
@click.option("-m", "--message", help="Why; it stays with what is published.")
@source_option
@common_options
@pass_options
def import_file(
    options: Options,
    file: Path,
    mode: Mode,
    publishes: bool,
    wait: bool,
    max_rejected: int | None,
    timeout: int,
    message: str | None,
    source_id: str | None,
) -> int:
    """Take in FILE: items as NDJSON, plain or gzipped, such as kb export writes.

    Without --wait it ends once the file is there; kb status shows the import. With it, lines that were left out are
    listed, and make the command end with 3.
    """
    with open_session(options) as session:
        _check_file(file)
        source = chosen_source(session, source_id)
        wanted: models.CreateImportRequest = {"mode": mode, "apply": publishes}
        if file.name.endswith(".gz"):
            wanted["format"] = "ndjson.gz"
        if max_rejected is not None:
            wanted["maxRejected"] = max_rejected
        if message is not None:
            wanted["message"] = message
        begun = _upload(session, source["id"], file, wanted)
        if not wait:
            session.out.tell({"import": begun, "faults": []}, [styled(f"{begun['id']} is {begun['state']}")])
            session.out.note("kb status shows how it goes on; --wait waits for its end.")
            return Exit.DONE
        return _wait(session, source["id"], begun["id"], timeout)


def _check_file(file: Path) -> None:
    """Look before an import is asked for, which would take a place until it is given up."""
    try:
        with file.open("rb") as opened:
            opened.read(1)
    except OSError as error:
        raise StoppedError(
            f"{file} can't be read: {error.strerror or error}", code="file_error", next_step="Name another file."
        ) from error


def _upload(session: Session, source_id: str, file: Path, wanted: models.CreateImportRequest) -> models.Import:
    with session.out.progress(f"Uploading {file.name}", file.stat().st_size) as advance:
        return session.client.imports.send(source_id, file, progress=lambda sent, _size: advance(sent), **wanted)


def _wait(session: Session, source_id: str, import_id: str, timeout_seconds: int) -> int:
    failed: FailedError | None = None
    with session.out.progress(f"{import_id} is under way"):
        try:
            ended = session.client.imports.wait(source_id, import_id, timeout_seconds=timeout_seconds)
        except FailedError as error:
            failed = error
            ended = session.client.imports.get(source_id, import_id)
        except KeyboardInterrupt:
            session.out.note(f"{import_id} goes on by itself: kb status shows it")
            raise
    faults = list(islice(session.client.imports.faults(ended), _TOLD)) if ended["report"] else []
    if failed is not None:
        session.out.show(_fault_lines(ended, faults))
        if failed.code == "removal_guard":
            raise StoppedError(
                str(failed),
                code=failed.code,
                next_step=f"Look at what it removes: kb show {ended['runId']}. If that is meant, approve the run.",
            )
        raise failed
    session.out.tell({"import": ended, "faults": faults}, [*_lines(ended), *_fault_lines(ended, faults)])
    return Exit.PROBLEMS if ended["counts"]["rejected"] or ended["removalsSkipped"] else Exit.DONE


def _lines(ended: models.Import) -> Iterator[Line]:
    counts = ", ".join(f"{count} {what}" for what, count in ended["counts"].items() if count)
    yield styled((ended["id"], "bold"), f"  {ended['state']}: {ended['linesRead']} lines, {counts or 'nothing new'}")
    if ended["removalsSkipped"]:
        yield styled(("Nothing was removed, since some lines could not be taken.", "yellow"))
    if ended["generationId"] is not None:
        yield styled(f"published as {ended['generationId']}")
    elif ended["runId"] is not None:
        yield styled(f"to be reviewed: kb show {ended['runId']}")


def _fault_lines(ended: models.Import, faults: Sequence[dict[str, Any]]) -> Iterator[Line]:
    if not faults:
        return
    rows = [
        [each["line"], each.get("externalItemId") or "", each.get("path") or "", each["message"]]
        for each in faults[:_SHOWN]
    ]
    yield from columns(["line", "item", "where", "what is wrong"], rows)
    report = ended["report"]
    more = (report["faults"] + report["faultsLeftOut"] if report else len(faults)) - len(rows)
    if more > 0:
        yield styled(f"and {more} more; --json has {_TOLD} at most, the report of {ended['id']} the rest")
