"""The words of exports as values. Times are ms since 1970; sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from knowledge.actors import Actor, Author, author_of
from knowledge.errors import ExportFailedError
from knowledge.limits import EXPORT_KEPT_MS, EXPORT_SILENT_MS
from knowledge.model import Failure
from knowledge.words import duration_words

# The folder of the bucket that has the files of exports, and nothing else.
_FOLDER = "exports"
DIED = ExportFailedError(f"The export stood still for {duration_words(EXPORT_SILENT_MS)}. Export the generation again.")


class ExportState(StrEnum):
    """The life of an export. `expired` is shown and not stored: its file is kept for a day, or until an erasure."""

    WRITING = "writing"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"


class ExportName(NamedTuple):
    """Which export an execution works on."""

    tenant_id: str
    source_id: str
    export_id: str


@dataclass(frozen=True, slots=True)
class Export:
    """What a generation serves on its way into a file.

    `erasures` is the source's erasure epoch when it was asked for: once that has moved, nothing more is written or
    shown. `upload_id` names the unfinished file, which has `parts` parts with `items` items, of `bytes` bytes, and
    `plain_bytes` after inflation; `position` is the `[path, id]` of the last item. It is `whole` when every part is
    there. `by` is who asked for it.
    """

    tenant_id: str
    source_id: str
    generation_id: str
    export_id: str
    state: ExportState
    root_hash: str
    items_total: int
    erasures: int
    created_at: int
    updated_at: int
    alive_until: int
    by: Actor | None = None
    message: str | None = None
    upload_id: str | None = None
    parts: int = 0
    position: Any = None
    items: int = 0
    bytes: int = 0
    plain_bytes: int = 0
    whole: bool = False
    last_error: Failure | None = None
    ended_at: int | None = None

    @property
    def created_by(self) -> Author | None:
        """Whose work it is."""
        return author_of(self.by)

    @property
    def ended(self) -> bool:
        """True once nothing more will happen."""
        return self.state is not ExportState.WRITING

    @property
    def key(self) -> str:
        """The key of its file, which names the erasure epoch: so an erasure finds what came before it."""
        return f"{files_of(self.tenant_id, self.source_id)}{self.erasures}/{self.export_id}.ndjson.gz"

    @property
    def expires_at(self) -> int | None:
        """When its file goes; None before there is one."""
        return None if self.ended_at is None or self.last_error is not None else self.ended_at + EXPORT_KEPT_MS

    def dead(self, now: int) -> bool:
        """True when nobody has worked on it for longer than anybody could be busy with one part."""
        return not self.ended and self.alive_until <= now


def files_of(tenant_id: str, source_id: str) -> str:
    """What the keys of a source's files begin with."""
    return f"{_FOLDER}/{tenant_id}/{source_id}/"


def erasures_in(key: str) -> int:
    """The erasure epoch that the key of a file names."""
    return int(key.split("/")[3])


def shown(export: Export, erasures: int, now: int) -> Export:
    """An export as it is shown while the source has an erasure epoch: one that died has failed.

    One whose file is gone, or holds what may be erased, is expired.
    """
    if export.dead(now):
        return replace(
            export, state=ExportState.FAILED, last_error=Failure.of(DIED, export.alive_until),
            ended_at=export.alive_until,
        )  # fmt: skip
    if export.state is ExportState.COMPLETED and (
        export.erasures != erasures or (export.expires_at is not None and export.expires_at <= now)
    ):
        return replace(export, state=ExportState.EXPIRED)
    return export
