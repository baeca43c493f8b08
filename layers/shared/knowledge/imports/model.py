"""The words of imports as values. Times are ms since 1970; positions count bytes of the plain text, after inflation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from knowledge.actors import Actor, Author, author_of
from knowledge.limits import MAX_REJECTED_LINES, UPLOAD_AWAITED_MS, UPLOAD_LINK_SECONDS
from knowledge.model import Failure
from knowledge.staging.model import StagingCounts

# The last part of the key of an upload.
UPLOAD = "upload"
_NOTHING = StagingCounts()


class ImportMode(StrEnum):
    """Whether an import adds to the staging set, or is the whole of it."""

    UPSERT = "upsert"
    SNAPSHOT = "snapshot"


class ImportFormat(StrEnum):
    """What a client says it will send. What counts is what is in the file."""

    NDJSON = "ndjson"
    NDJSON_GZ = "ndjson.gz"


class ImportState(StrEnum):
    """The life of an import. `expired` is shown and not stored: no file came in time."""

    AWAITING_UPLOAD = "awaiting_upload"
    EXPIRED = "expired"
    QUEUED = "queued"
    STAGING = "staging"
    PLANNING = "planning"
    APPLYING = "applying"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({ImportState.COMPLETED, ImportState.COMPLETED_WITH_ERRORS, ImportState.FAILED, ImportState.CANCELLED})


@dataclass(frozen=True, slots=True)
class ImportFile:
    """The file of an import. Every read asks for this very `etag`, so it is one file from first to last byte."""

    bucket: str
    key: str
    etag: str
    size: int


@dataclass(frozen=True, slots=True)
class Import:
    """A file on its way into a staging set.

    `attempt` counts the executions that worked on it; only the last one may. `checkpoint` grows with every step and
    is what each step is conditional on. `pieces` counts the inflated pieces that are written; `plain_bytes` is None
    until the size of the plain text is known. `offset` and `lines` tell how far it was read, `counts` and `rejected`
    what the lines came to. `reported` faults are in the report, `unreported` ones are counted only. `slots_done` and
    `counts.removed` tell how far a snapshot's removals have come.

    `by` is who asked for it, None for an event or a schedule. One that is `counted` has a place among those of its
    tenant that are under way. With more than `max_rejected` bad lines it fails.
    """

    tenant_id: str
    source_id: str
    import_id: str
    state: ImportState
    mode: ImportMode
    apply: bool
    format: ImportFormat
    created_at: int
    updated_at: int
    file: ImportFile | None = None
    attempt: int = 0
    alive_until: int = 0
    checkpoint: int = 0
    epoch: int = 0
    pieces: int = 0
    inflated: bool = False
    plain_bytes: int | None = None
    offset: int = 0
    lines: int = 0
    counts: StagingCounts = _NOTHING
    rejected: int = 0
    reported: int = 0
    unreported: int = 0
    slots_done: int = 0
    replans: int = 0
    report_key: str | None = None
    run_id: str | None = None
    generation_id: str | None = None
    last_error: Failure | None = None
    queued_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    by: Actor | None = None
    message: str | None = None
    max_rejected: int = MAX_REJECTED_LINES
    counted: bool = False

    @property
    def created_by(self) -> Author | None:
        """Whose work it is; None for what an event or a schedule asked for."""
        return author_of(self.by)

    @property
    def ended(self) -> bool:
        """True once nothing more will happen."""
        return self.state in ENDED

    @property
    def upload_expires_at(self) -> int:
        """When the link for the upload stops working."""
        return self.created_at + UPLOAD_LINK_SECONDS * 1000

    @property
    def whole(self) -> bool:
        """True once every line was read and none was bad."""
        return self.offset == self.plain_bytes and self.rejected == 0

    @property
    def may_have_pieces(self) -> bool:
        """True unless its file turned out to be plain text, of which nothing is inflated."""
        return self.file is not None and (self.inflated or self.plain_bytes is None)

    @property
    def removals_skipped(self) -> bool:
        """True for a snapshot that was read to its end and removes nothing, because a line was bad."""
        return self.mode is ImportMode.SNAPSHOT and self.offset == self.plain_bytes and self.rejected > 0

    def dead(self, now: int) -> bool:
        """True when nobody has worked on it for longer than anybody could be busy with one step."""
        return not self.ended and self.state is not ImportState.AWAITING_UPLOAD and self.alive_until <= now


def shown_state(job: Import, now: int) -> ImportState:
    """The state to show: an upload that began within its hour may still arrive, so a day passes before `expired`."""
    if job.state is ImportState.AWAITING_UPLOAD and job.created_at + UPLOAD_AWAITED_MS <= now:
        return ImportState.EXPIRED
    return job.state
