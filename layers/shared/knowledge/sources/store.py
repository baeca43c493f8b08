"""The rows of sources: settings, what is published, and the lease of the apply that is under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.errors import ApplyInProgressError, LeaseLostError, SourceInactiveError, SourceNotFoundError
from knowledge.model import ObjectRef
from knowledge.pages import Page
from knowledge.sources.conditions import ACTIVE
from knowledge.sources.model import DEVELOPER_API, Lease, RemovalGuard, Settled, Source, SourceStatus
from knowledge.storage.catalog import Catalog, RefusedWriteError, ordered

LEASE_MS = 60_000
# A run may take its own lease over once it has not been renewed for this long: three renewals were missed then.
OWN_TAKEOVER_MS = 15_000

# Who may take the lease of a source, by the time since it was renewed:
#
#   renewed                    15 s                                60 s
#   |--- nobody ---------------|--- the same run (its holder died) ---|--- everybody
#
# The holder may renew or give it back as long as its token is the last one that was given, however late it comes.
_FREE = "attribute_not_exists(leaseRunId)"
_LAPSED = "leaseExpiresAt <= :now"
_OWN_AND_SILENT = "leaseRunId = :run AND leaseRenewedAt <= :silent"
_HELD = "leaseToken = :token AND attribute_exists(leaseRunId)"
# The clean-up after a publication, which the next publication waits for.
_OWED = "settleRunId = :run"
_NOT_BEGUN = "attribute_not_exists(settledPart)"
_NOT_YET_SO_FAR = "settledPart < :part OR (settledPart = :part AND settledSteps < :steps)"


def source_sk(source_id: str) -> str:
    """The sort key of a source's row; its pk is the tenant."""
    return f"source#{source_id}"


@dataclass(frozen=True, slots=True)
class SourceStore:
    """Sources of type developer_api; those of other types are not seen."""

    catalog: Catalog

    def create_source(self, source: Source) -> Source:
        """Store a new source, or return the one that has its id already (a repeated creation)."""
        row = {
            "pk": source.tenant_id,
            "sk": source_sk(source.source_id),
            "order": ordered("source", source.created_at, source.source_id),
            "type": DEVELOPER_API,
            "sourceId": source.source_id,
            "name": source.name,
            "status": source.status,
            "graceDays": source.grace_days,
            "removalGuard": guard_row(source.removal_guard),
            "settingsVersion": source.settings_version,
            "epoch": source.epoch,
            "sequence": source.sequence,
            "leaseToken": source.lease_token,
            "createdAt": source.created_at,
            "updatedAt": source.updated_at,
        }
        if self.catalog.put_new(row):
            return source
        return self.get_source(source.tenant_id, source.source_id)

    def get_source(self, tenant_id: str, source_id: str) -> Source:
        """Read a source, consistently. Raises SourceNotFoundError when the tenant has none of that id."""
        row = self.catalog.find(tenant_id, source_sk(source_id))
        if row is None or row["type"] != DEVELOPER_API:
            raise SourceNotFoundError
        return source_from(row)

    def list_sources(self, tenant_id: str, *, limit: int, position: Any, only: frozenset[str] | None) -> Page[Source]:
        """List a tenant's sources, newest first, `only` the named ones if given."""

        def keep(row: dict[str, Any]) -> bool:
            return row["type"] == DEVELOPER_API and (only is None or row["sourceId"] in only)

        page = self.catalog.list(tenant_id, "source", dict, limit=limit, position=position, keep=keep)
        return Page([source_from(row) for row in page.items], page.next_position)

    def change_settings(
        self, source: Source, values: Mapping[str, Any], *, clears: bool, shaping: bool, now: int
    ) -> Source:
        """Set attributes of an active source, and `clears` its removal guard.

        A `shaping` change moves the settings version that plans are bound to.
        """
        sets = [f"#name = :{key}" if key == "name" else f"{key} = :{key}" for key in values]
        expression = "SET " + ", ".join(["updatedAt = :now", *sets])
        given: dict[str, Any] = {f":{key}": value for key, value in values.items()}
        given |= {":now": now, ":active": SourceStatus.ACTIVE}
        if clears:
            expression += " REMOVE removalGuard"
        if shaping:
            expression += " ADD settingsVersion :one"
            given[":one"] = 1
        return self._update(source.tenant_id, source.source_id, expression, ACTIVE, given)

    def set_status(self, tenant_id: str, source_id: str, status: SourceStatus, now: int) -> Source:
        """Archive or bring back a source; doing it twice is the same as once."""
        row = self._set(
            tenant_id, source_id, "SET #status = :status, updatedAt = :now", {":status": status, ":now": now}
        )
        return source_from(row)

    def acquire_lease(self, tenant_id: str, source_id: str, run_id: str, now: int) -> Source:
        """Take the right to publish, with a token higher than any before it.

        Raises ApplyInProgressError unless it is free, expired, or this run's own but not renewed for 15 s (its holder
        is taken to be dead), and SourceInactiveError on an archived source.
        """
        return self._update(
            tenant_id,
            source_id,
            "SET leaseRunId = :run, leaseRenewedAt = :now, leaseExpiresAt = :expires ADD leaseToken :one",
            f"{ACTIVE} AND ({_FREE} OR {_LAPSED} OR ({_OWN_AND_SILENT}))",
            {
                ":run": run_id,
                ":now": now,
                ":expires": now + LEASE_MS,
                ":silent": now - OWN_TAKEOVER_MS,
                ":one": 1,
                ":active": SourceStatus.ACTIVE,
            },
        )

    def renew_lease(self, tenant_id: str, source_id: str, token: int, now: int) -> Source:
        """Keep the lease and return the source under it. Raises LeaseLostError when another has it."""
        try:
            row = self.catalog.update(
                tenant_id,
                source_sk(source_id),
                "SET leaseRenewedAt = :now, leaseExpiresAt = :expires",
                _HELD,
                {":token": token, ":now": now, ":expires": now + LEASE_MS},
            )
        except RefusedWriteError as error:
            raise LeaseLostError from error
        return source_from(row)

    def release_lease(self, tenant_id: str, source_id: str, token: int) -> None:
        """Free the lease while its token is the current one; else leave things as they are."""
        try:
            self.catalog.update(
                tenant_id,
                source_sk(source_id),
                "REMOVE leaseRunId, leaseRenewedAt, leaseExpiresAt",
                _HELD,
                {":token": token},
            )
        except RefusedWriteError:
            return

    def mark_settled(self, tenant_id: str, source_id: str, run_id: str) -> None:
        """Note that the clean-up after a run's publication is done."""
        try:
            self.catalog.update(
                tenant_id,
                source_sk(source_id),
                "REMOVE settleRunId, settledPart, settledSteps",
                _OWED,
                {":run": run_id},
            )
        except RefusedWriteError:
            return

    def note_settled(self, tenant_id: str, source_id: str, run_id: str, settled: Settled) -> None:
        """Note how far the clean-up has come; of two that do it side by side the further one stands."""
        values = {":run": run_id, ":part": settled.part, ":steps": settled.steps}
        try:
            self.catalog.update(
                tenant_id,
                source_sk(source_id),
                "SET settledPart = :part, settledSteps = :steps",
                f"{_OWED} AND ({_NOT_BEGUN} OR {_NOT_YET_SO_FAR})",
                values,
            )
        except RefusedWriteError:
            return

    def _set(self, tenant_id: str, source_id: str, expression: str, values: Mapping[str, Any]) -> dict[str, Any]:
        self.get_source(tenant_id, source_id)
        try:
            return self.catalog.update(tenant_id, source_sk(source_id), expression, "attribute_exists(pk)", values)
        except RefusedWriteError as error:
            raise SourceNotFoundError from error

    def _update(
        self, tenant_id: str, source_id: str, expression: str, condition: str, values: Mapping[str, Any]
    ) -> Source:
        try:
            row = self.catalog.update(
                tenant_id, source_sk(source_id), expression, f"attribute_exists(pk) AND {condition}", values
            )
        except RefusedWriteError as error:
            if error.row is None:
                raise SourceNotFoundError from error
            if error.row["status"] != SourceStatus.ACTIVE:
                raise SourceInactiveError from error
            raise ApplyInProgressError from error
        return source_from(row)


def guard_row(guard: RemovalGuard | None) -> dict[str, Any] | None:
    """A removal guard as it is stored."""
    return None if guard is None else {"maxPercent": guard.max_percent, "maxItems": guard.max_items}


def source_from(row: Mapping[str, Any]) -> Source:
    """Read a source's row."""
    guard = row.get("removalGuard")
    return Source(
        tenant_id=row["pk"],
        source_id=row["sourceId"],
        name=row["name"],
        status=SourceStatus(row["status"]),
        grace_days=row["graceDays"],
        removal_guard=None if guard is None else RemovalGuard(guard["maxPercent"], guard["maxItems"]),
        settings_version=row["settingsVersion"],
        epoch=row["epoch"],
        open_snapshot_id=row.get("openSnapshotId"),
        open_snapshot_expires_at=row.get("openSnapshotExpiresAt"),
        generation_id=row.get("generationId"),
        manifest=ObjectRef(**row["manifest"]) if "manifest" in row else None,
        sequence=row["sequence"],
        full_required=row.get("fullRequired", False),
        lease=_lease(row),
        lease_token=row["leaseToken"],
        settle_run_id=row.get("settleRunId"),
        settled=Settled(row.get("settledPart", 0), row.get("settledSteps", 0)),
        created_at=row["createdAt"],
        updated_at=row["updatedAt"],
        import_id=row.get("importId"),
    )


def _lease(row: Mapping[str, Any]) -> Lease | None:
    if "leaseRunId" not in row:
        return None
    return Lease(row["leaseToken"], row["leaseRunId"], row["leaseRenewedAt"], row["leaseExpiresAt"])
