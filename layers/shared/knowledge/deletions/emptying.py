"""All that is kept of a source is deleted, but for its row and what its outbox has still to tell.

What is deleted is found no more, so whoever comes next goes on by looking again, and no place has to be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.deletions.stores import DeletionStores
from knowledge.exports.model import files_of
from knowledge.imports.rejects import rejects_partition
from knowledge.imports.rows import import_sk
from knowledge.ports import HasTime
from knowledge.questions.model import Owner
from knowledge.sources.deletion import Deletion
from knowledge.staging.rows import SLOTS
from knowledge.storage.partitions import delete_rows, list_sort_keys

# What a source has in the bucket lies in these folders, under its tenant's and its own id.
FOLDERS = ("content", "runs", "index", "snapshots", "imports", "exports", "erasures")
_IMPORTS = import_sk("")
# They forget themselves once they are relayed.
_EVENTS = "event#"


class Emptied(NamedTuple):
    """How many versions and rows were found, and whether there was time for all."""

    found: int
    done: bool


@dataclass(frozen=True, slots=True)
class Emptier:
    """Empties a source."""

    stores: DeletionStores

    def empty_source(self, deletion: Deletion, has_time: HasTime, *, last: bool) -> Emptied:
        """Delete every version of every object, and every row.

        The rows of imports go in the `last` pass, and don't count: they tell where rejected lines are looked for.
        """
        found = 0
        for step in (self._delete_objects, self._abort_uploads, self._delete_items, self._forget_questions):
            deleted, done = step(deletion, has_time)
            found += deleted
            if not done:
                return Emptied(found, done=False)
        self._give_back_places(deletion)
        deleted, done = self._delete_rows(deletion, has_time, lambda sk: not sk.startswith((_EVENTS, _IMPORTS)))
        found += deleted
        if done and last and not found:
            _, done = self._delete_rows(deletion, has_time, lambda sk: sk.startswith(_IMPORTS))
        return Emptied(found, done)

    def has_news(self, source_id: str) -> bool:
        """Tell whether the source's outbox holds an event that is still to be relayed."""
        catalog = self.stores.catalog
        return any(list_sort_keys(catalog.dynamodb, catalog.table, source_id, _EVENTS, having="unrelayed"))

    def _delete_objects(self, deletion: Deletion, has_time: HasTime) -> tuple[int, bool]:
        deleted, versions = 0, self.stores.versions
        for folder in FOLDERS:
            prefix = f"{folder}/{deletion.tenant_id}/{deletion.source_id}/"
            while page := versions.list_page(prefix).versions:
                versions.delete_versions(page)
                deleted += len(page)
                if not has_time():
                    return deleted, False
        return deleted, True

    def _abort_uploads(self, deletion: Deletion, has_time: HasTime) -> tuple[int, bool]:
        """Drop what was sent of files that are not put together: no list of versions shows it."""
        aborted = 0
        for upload in self.stores.uploads.list_uploads(files_of(deletion.tenant_id, deletion.source_id)):
            self.stores.uploads.abort_upload(upload)
            aborted += 1
            if not has_time():
                return aborted, False
        return aborted, True

    def _delete_items(self, deletion: Deletion, has_time: HasTime) -> tuple[int, bool]:
        deleted = 0
        for partition in self._partitions(deletion.source_id):
            found, done = delete_rows(self.stores.clients.dynamodb, self._items, partition, has_time)
            deleted += found
            if not done:
                return deleted, False
        return deleted, True

    def _partitions(self, source_id: str) -> Iterator[str]:
        """What the table of items has of a source: its items, its journal, and lines of imports that were rejected."""
        yield from (f"{source_id}#{part}" for part in (*SLOTS, "journal"))
        catalog = self.stores.catalog
        for sk in list_sort_keys(catalog.dynamodb, catalog.table, source_id, _IMPORTS):
            yield rejects_partition(source_id, sk.removeprefix(_IMPORTS))

    def _forget_questions(self, deletion: Deletion, has_time: HasTime) -> tuple[int, bool]:
        owner = Owner(deletion.tenant_id, deletion.environment)
        return self.stores.questions.remove_source(owner, deletion.source_id, has_time)

    def _give_back_places(self, deletion: Deletion) -> None:
        for store in (self.stores.imports, self.stores.exports):
            every = store.list_places(deletion.tenant_id)
            places = [place for place in every if place.source_id == deletion.source_id]
            if places:
                store.give_back_places(deletion.tenant_id, places)

    def _delete_rows(self, deletion: Deletion, has_time: HasTime, doomed: Callable[[str], bool]) -> tuple[int, bool]:
        catalog = self.stores.catalog
        return delete_rows(catalog.dynamodb, catalog.table, deletion.source_id, has_time, doomed)

    @property
    def _items(self) -> str:
        return self.stores.settings.items_table
