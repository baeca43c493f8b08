"""One call's part of an import: when it is to end, and that whoever asked for the import may still do so.

A key that is revoked ends what it began. It is looked at before anything of a part is done, and again every few
seconds of it, so nothing is staged for a key that ended longer ago than that.
"""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.errors import ImportKeyEndedError
from knowledge.imports.model import Import
from knowledge.limits import IMPORT_KEY_LOOK_MS
from knowledge.ports import Clock, ImportPermission

# One call stops here and is called again, well before its function's 15 minutes are over.
BUDGET_MS = 240_000


@dataclass(frozen=True, slots=True)
class ImportPermits:
    """Looks at the keys of imports; one that an event or a schedule asked for has none."""

    permission: ImportPermission | None
    clock: Clock

    def check(self, job: Import) -> None:
        """Look whether whoever asked for an import may still import. Raises ImportKeyEndedError when not."""
        if job.by is None:
            return
        if self.permission is None:
            message = "a function that works on imports must be told how to look at keys"
            raise TypeError(message)
        reason = self.permission.find_end(job.tenant_id, job.source_id, job.by, apply=job.apply)
        if reason is not None:
            message = f"{reason} Nothing further is staged or published; what was staged stays."
            raise ImportKeyEndedError(message)

    def begin_part(self, job: Import) -> Part:
        """Begin a part of an import. Raises ImportKeyEndedError."""
        self.check(job)
        now = self.clock()
        return Part(self, job, now + BUDGET_MS, now)


@dataclass(slots=True)
class Part:
    """A part under way: it ends at `ends_at`, and its key was looked at `looked_at` (ms)."""

    permits: ImportPermits
    job: Import
    ends_at: int
    looked_at: int

    def over(self) -> bool:
        """Tell whether it is time to end; to be asked often. Raises ImportKeyEndedError."""
        now = self.permits.clock()
        if now - self.looked_at >= IMPORT_KEY_LOOK_MS:
            self.permits.check(self.job)
            self.looked_at = now
        return now > self.ends_at
