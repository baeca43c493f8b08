"""The last steps of an erasure: every version of every object that holds its text is deleted, whatever its age.

What would break it, and what stands against it:

- An object is named all the same: it is not deleted, and the erasure goes back to where objects are copied.
- A content that is pushed again bears the same hash: its key names the new epoch, and a row that names an old key
  spares it. Nobody comes to name an old key any more: whoever read the old epoch has ended.
- More versions than a page lists: the walk goes on behind it, and looks for a mark that was on the page before.
- A crash: what is deleted is not named, and the rest is found again.
- A file of an export is large, and holds all that was served: all that came before the erasure go, unread, and so do
  those that were being written. Their keys name the epoch.
- An import that is under way needs its file: the erasure waits for its end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.erasures.model import Erasure
from knowledge.erasures.stores import ErasureStores
from knowledge.erasures.texts import holds_text
from knowledge.errors import ImportNotFoundError
from knowledge.exports.model import erasures_in as erasures_of_export
from knowledge.exports.model import files_of
from knowledge.imports.files import REPORT
from knowledge.imports.model import ImportState, shown_state
from knowledge.items.content import erasures_in
from knowledge.ports import Clock, HasTime
from knowledge.staging.rows import StagedRow
from knowledge.storage.versions import ObjectVersion, Position, VersionPage

KINDS = ("content", "index", "runs")
_ANY_TIME = 0


class StillNamedError(Exception):
    """Raised when an object holds text that a generation which is kept names."""


class Swept(NamedTuple):
    """How many versions were deleted, and the kind and position to go on behind; None at the end."""

    deleted: int
    cursor: tuple[int, Position | None] | None


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Deletes what holds text of some items."""

    stores: ErasureStores
    named_keys: Callable[[str], set[str]]
    clock: Clock

    def sweep_objects(
        self, erasure: Erasure, ids: Collection[str], cursor: tuple[int, Position | None], has_time: HasTime
    ) -> Swept:
        """Go through all versions, kind by kind. Raises StillNamedError."""
        named = self.named_keys(erasure.source_id)
        kind, behind = cursor
        deleted = 0
        while kind < len(KINDS):
            prefix = f"{KINDS[kind]}/{erasure.tenant_id}/{erasure.source_id}/"
            page = self.stores.versions.list_page(prefix, behind)
            versions = [version for version in page.versions if not version.is_deletion]
            if KINDS[kind] == "content":
                doomed = self._doomed_contents(erasure, versions, ids)
            else:
                doomed = [version for version in versions if self._holds_text(erasure, version, ids)]
            if any(version.key in named for version in doomed):
                raise StillNamedError
            keys = {version.key for version in doomed}
            self.stores.versions.delete_versions([*doomed, *self._marks_of(keys, page, behind)])
            deleted += len(doomed)
            behind = page.behind
            if behind is None:
                kind += 1
            if not has_time():
                break
        return Swept(deleted, (kind, behind) if kind < len(KINDS) else None)

    def sweep_imports(self, erasure: Erasure, ids: Collection[str]) -> tuple[int, bool]:
        """Delete the files of imports that came before; tells how many versions, and whether none is waited for."""
        prefix = f"imports/{erasure.tenant_id}/{erasure.source_id}/"
        older: dict[str, list[ObjectVersion]] = {}
        behind: Position | None = None
        while True:
            page = self.stores.versions.list_page(prefix, behind)
            for version in page.versions:
                # The time of an object is whole seconds.
                if version.written_at < erasure.opened_at + 1000 and not version.is_deletion:
                    older.setdefault(version.key.split("/")[3], []).append(version)
            behind = page.behind
            if behind is None:
                break
        done, deleted = True, 0
        for import_id, versions in older.items():
            if not self._has_ended(erasure.source_id, import_id):
                done = False
                continue
            doomed = [version for version in versions if self._is_doomed_file(version, ids)]
            self.stores.versions.delete_versions(doomed)
            self.stores.rejects.forget_rejects(erasure.source_id, import_id)
            deleted += len(doomed)
        return deleted, done

    def sweep_exports(self, erasure: Erasure) -> int:
        """Delete the files of exports that came before, finished or not; tells how many versions."""
        prefix = files_of(erasure.tenant_id, erasure.source_id)
        for upload in self.stores.uploads.list_uploads(prefix):
            if erasures_of_export(upload.key) < erasure.epoch:
                self.stores.uploads.abort_upload(upload)
        deleted, behind = 0, None
        while True:
            page = self.stores.versions.list_page(prefix, behind)
            doomed = [version for version in page.versions if erasures_of_export(version.key) < erasure.epoch]
            self.stores.versions.delete_versions(doomed)
            deleted += sum(not version.is_deletion for version in doomed)
            behind = page.behind
            if behind is None:
                return deleted

    def _marks_of(self, keys: Collection[str], page: VersionPage, behind: Position | None) -> list[ObjectVersion]:
        """Find the marks of deletions of some keys, which say a key: of a content, its hash.

        A mark comes before the versions that it hides, so that of the first key may be on the page before.
        """
        marks = [version for version in page.versions if version.is_deletion and version.key in keys]
        if behind is not None and behind[0] in keys:
            again = self.stores.versions.list_page(behind[0], None).versions
            marks += [version for version in again if version.is_deletion and version.key == behind[0]]
        return list(dict.fromkeys(marks))

    def _doomed_contents(
        self, erasure: Erasure, versions: Collection[ObjectVersion], ids: Collection[str]
    ) -> list[ObjectVersion]:
        """Choose the contents of items that came before the erasure, and that the item's row does not name."""
        older = [version for version in versions if erasures_in(version.key) < erasure.epoch]
        owners = zip(older, self.stores.fanout.map(self.stores.versions.item_of, older), strict=True)
        owned = [(version, item) for version, item in owners if item is not None and item in ids]
        rows = self.stores.items.read_rows(erasure.source_id, list({item for _, item in owned}), _ANY_TIME)
        return [version for version, item in owned if not _is_named(version, rows.get(item))]

    def _holds_text(self, erasure: Erasure, version: ObjectVersion, ids: Collection[str]) -> bool:
        read = self.stores.versions.read_version(version)
        if read is None:
            return False
        return read.erasures < erasure.epoch and holds_text(version.key, read.body, ids)

    def _is_doomed_file(self, version: ObjectVersion, ids: Collection[str]) -> bool:
        """Tell whether a file of an import is deleted: all but a report, which goes if it names an item."""
        if not version.key.endswith(f"/{REPORT}"):
            return True
        read = self.stores.versions.read_version(version)
        return read is not None and any(json.loads(line)["externalItemId"] in ids for line in read.body.splitlines())

    def _has_ended(self, source_id: str, import_id: str) -> bool:
        try:
            job = self.stores.imports.get_import(source_id, import_id)
        except ImportNotFoundError:
            return True
        now = self.clock()
        return job.ended or job.dead(now) or shown_state(job, now) is ImportState.EXPIRED


def _is_named(content: ObjectVersion, row: StagedRow | None) -> bool:
    return row is not None and row.content_key == content.key
