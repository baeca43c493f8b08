"""The rows of erasures, and the transactions that open, clear, swap and close together with their source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from knowledge.audit import AuditEntry
from knowledge.erasures.model import Erasure, ErasureState
from knowledge.erasures.rows import (
    WAITING,
    Copy,
    copies_of,
    copy_from,
    copy_row,
    erasure_from,
    erasure_row,
    erasure_sk,
    moving_values,
)
from knowledge.errors import ErasureNotFoundError
from knowledge.events import Event, event_row
from knowledge.generations.model import Generation
from knowledge.generations.rows import generation_sk
from knowledge.index.manifest import BuiltIndex
from knowledge.pages import Page
from knowledge.sources.conditions import NO_ERASURE_OPEN, NOT_DELETING, same_erasures
from knowledge.sources.model import Source, SourceStatus
from knowledge.sources.rows import source_sk
from knowledge.storage.attributes import from_row, to_row
from knowledge.storage.catalog import Action, Catalog
from knowledge.storage.clients import query_rows
from knowledge.storage.transactions import RefusedTransactionError

# A source's row, and the erasure that is open:
#
#   opened                        cleared                                        closed
#   |-- erasureId, erasureOpening -|-- erasureId ---------------------------------|
#   erasureEpoch + 1
_THIS_ONE = "erasureId = :id"
_BASE = "generationId = :base AND manifest.digest = :digest"
_NO_BASE = "attribute_not_exists(generationId)"
_UNMOVED = "rev = :read"
# Of a generation: what was built on is what is served, and it is kept.
_SAME_MANIFEST = "manifest.digest = :digest AND attribute_not_exists(retiredAt)"


class ErasureMovedError(Exception):
    """Raised when an erasure, its source or a generation is not where a step started from."""


@dataclass(frozen=True, slots=True)
class ErasureStore:
    """Erasures of all sources."""

    catalog: Catalog

    def get_erasure(self, source_id: str, erasure_id: str) -> Erasure:
        """Read an erasure, consistently. Raises ErasureNotFoundError when the source has none of that id."""
        row = self.catalog.find(source_id, erasure_sk(erasure_id))
        if row is None:
            raise ErasureNotFoundError
        return erasure_from(row)

    def list_erasures(self, source_id: str, *, limit: int, position: Any) -> Page[Erasure]:
        """List a source's erasures, newest first."""
        return self.catalog.list(source_id, "erasure", erasure_from, limit=limit, position=position)

    def list_due(self, now: int, most: int) -> Sequence[tuple[str, str]]:
        """The source and the id of open erasures that are due, the longest due first; some may be left out for now."""
        return self.catalog.list_due(WAITING, now, most)

    def open_erasure(self, erasure: Erasure, recorded: AuditEntry | None = None) -> None:
        """Open an erasure with the erasure epoch after the source's. Raises ErasureMovedError while one is open."""
        values = {
            ":id": erasure.erasure_id,
            ":true": True,
            ":epoch": erasure.epoch,
            ":erasures": erasure.epoch - 1 or None,
            ":deleting": SourceStatus.DELETING,
        }
        self._transact(
            self.catalog.updating(
                erasure.tenant_id,
                source_sk(erasure.source_id),
                "SET erasureId = :id, erasureOpening = :true, erasureEpoch = :epoch",
                f"attribute_exists(pk) AND {NOT_DELETING} AND {NO_ERASURE_OPEN} AND {same_erasures(erasure.epoch - 1)}",
                values,
            ),
            self.catalog.putting_new(erasure_row(erasure)),
            *self.catalog.recording(recorded),
        )

    def clear_source(self, erasure: Erasure, source: Source) -> None:
        """Note that what is served holds none of the items, if it is still what was read. Raises ErasureMovedError."""
        self._transact(
            self.catalog.updating(
                erasure.tenant_id,
                source_sk(erasure.source_id),
                "REMOVE erasureOpening",
                f"{_THIS_ONE} AND {_NO_BASE if source.generation_id is None else _BASE}",
                {":id": erasure.erasure_id, ":base": source.generation_id, ":digest": source.base_digest},
            )
        )

    def swap_manifest(
        self, erasure: Erasure, generation: Generation, source: Source, built: BuiltIndex, erased: int, now: int
    ) -> None:
        """Let a generation be served from another manifest, and the source, if that is its current one.

        Raises ErasureMovedError when either is not as it was read.
        """
        values = {
            ":digest": generation.manifest.digest,
            ":manifest": asdict(built.manifest),
            ":hash": built.root_hash,
            ":erased": generation.erased + erased,
        }
        actions = [
            self.catalog.updating(
                generation.source_id,
                generation_sk(generation.generation_id),
                "SET manifest = :manifest, servedRootHash = :hash, erased = :erased",
                _SAME_MANIFEST,
                values,
            ),
            self.catalog.updating(
                erasure.source_id,
                erasure_sk(erasure.erasure_id),
                "SET swappedAt = :now, swapped = swapped + :one",
                "#state <> :completed",
                {":now": now, ":one": 1, ":completed": ErasureState.COMPLETED},
            ),
        ]
        if source.generation_id == generation.generation_id:
            values = {
                ":id": erasure.erasure_id,
                ":base": generation.generation_id,
                ":digest": generation.manifest.digest,
                ":manifest": asdict(built.manifest),
            }
            sk = source_sk(source.source_id)
            expression = "SET manifest = :manifest"
            actions.append(self.catalog.updating(source.tenant_id, sk, expression, f"{_THIS_ONE} AND {_BASE}", values))
        self._transact(*actions)

    def note_copy(self, erasure: Erasure, key: str, copy: Copy, ttl: int) -> None:
        """Note which object stands for one that holds text, unless another was noted before; it forgets itself (s)."""
        count = self.catalog.updating(
            erasure.source_id, erasure_sk(erasure.erasure_id), "SET copied = copied + :one", "attribute_exists(pk)",
            {":one": 1},
        )  # fmt: skip
        try:
            self.catalog.transact([self.catalog.putting_new(copy_row(erasure, key, copy, ttl)), count])
        except RefusedTransactionError:
            return

    def read_copies(self, erasure: Erasure) -> dict[str, Copy]:
        """The copies that were noted, by the key of what they stand for."""
        query: dict[str, Any] = {
            "TableName": self.catalog.table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :copies)",
            "ExpressionAttributeValues": to_row({":pk": erasure.source_id, ":copies": copies_of(erasure.erasure_id)}),
            "ConsistentRead": True,
        }
        return dict(copy_from(from_row(row)) for row in query_rows(self.catalog.dynamodb, query))

    def note(self, before: Erasure, after: Erasure) -> Erasure:
        """Store how far an erasure has come. Raises ErasureMovedError when somebody else did since."""
        after = replace(after, rev=before.rev + 1)
        self._transact(self._noting(before, after))
        return after

    def close_erasure(self, before: Erasure, after: Erasure, event: Event) -> Erasure:
        """End an erasure, with its event. Raises ErasureMovedError when somebody else did."""
        after = replace(after, rev=before.rev + 1)
        self._transact(
            self._noting(before, after),
            self.catalog.updating(
                after.tenant_id, source_sk(after.source_id), "REMOVE erasureId", _THIS_ONE, {":id": after.erasure_id}
            ),
            self.catalog.putting_new(event_row(event)),
        )
        return after

    def _noting(self, before: Erasure, after: Erasure) -> Action:
        moving = moving_values(after)
        values = {f":{name}": value for name, value in moving.items()}
        sets = [f"#{name} = :{name}" for name, value in moving.items() if value is not None]
        removes = [f"#{name}" for name, value in moving.items() if value is None]
        if after.state is ErasureState.COMPLETED:
            removes += ["waiting", "remindAt"]
        else:
            sets.append("remindAt = :due")
            values[":due"] = after.due_at
        expression = f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removes)}" if removes else "")
        values[":read"] = before.rev
        return self.catalog.updating(after.source_id, erasure_sk(after.erasure_id), expression, f"#{_UNMOVED}", values)

    def _transact(self, *actions: Action) -> None:
        try:
            self.catalog.transact(actions)
        except RefusedTransactionError as error:
            raise ErasureMovedError from error
