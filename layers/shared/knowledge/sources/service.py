"""Sources: creating, reading, changing, archiving."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from knowledge.earlier_tries import find_earlier
from knowledge.pages import Page
from knowledge.ports import Clock
from knowledge.sources.model import RemovalGuard, Source, SourceStatus
from knowledge.sources.store import SourceStore, guard_row
from knowledge.unset import UNSET, Unset


@dataclass(frozen=True, slots=True)
class SourceService:
    """What can be done with sources."""

    store: SourceStore
    clock: Clock

    def create_source(
        self,
        tenant_id: str,
        *,
        name: str,
        grace_days: int,
        removal_guard: RemovalGuard | None,
        source_id: str,
        earlier_id: str | None = None,
    ) -> Source:
        """Create a source; one that has this id already is returned as it is (a repeated creation).

        So is one of the last 24 hours that has `earlier_id`: it was created by a try on the day before.
        """
        now = self.clock()
        earlier = find_earlier(earlier_id, partial(self.store.get_source, tenant_id), lambda made: made.created_at, now)
        if earlier is not None:
            return earlier
        return self.store.create_source(
            Source(
                tenant_id=tenant_id,
                source_id=source_id,
                name=name,
                status=SourceStatus.ACTIVE,
                grace_days=grace_days,
                removal_guard=removal_guard,
                settings_version=1,
                epoch=0,
                open_snapshot_id=None,
                open_snapshot_expires_at=None,
                generation_id=None,
                manifest=None,
                sequence=0,
                full_required=False,
                lease=None,
                lease_token=0,
                settle_run_id=None,
                created_at=now,
                updated_at=now,
            )
        )

    def get_source(self, tenant_id: str, source_id: str) -> Source:
        """Read a source. Raises SourceNotFoundError when the tenant has none of that id."""
        return self.store.get_source(tenant_id, source_id)

    def list_sources(self, tenant_id: str, *, limit: int, position: Any, only: frozenset[str] | None) -> Page[Source]:
        """List a tenant's sources, newest first, `only` the named ones if given."""
        return self.store.list_sources(tenant_id, limit=limit, position=position, only=only)

    def update_source(
        self,
        tenant_id: str,
        source_id: str,
        *,
        name: str | None = None,
        grace_days: int | None = None,
        removal_guard: RemovalGuard | Unset | None = UNSET,
    ) -> Source:
        """Change settings of an active source. Raises SourceInactiveError on an archived one.

        Plans are bound to the settings that shaped them: after a change of `grace_days` or `removal_guard` an apply of
        an older plan is refused once and planned again.
        """
        source = self.store.get_source(tenant_id, source_id)
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = name
        if grace_days is not None:
            values["graceDays"] = grace_days
        if isinstance(removal_guard, RemovalGuard):
            values["removalGuard"] = guard_row(removal_guard)
        clears = removal_guard is None
        shaping = grace_days not in (None, source.grace_days) or removal_guard not in (UNSET, source.removal_guard)
        return self.store.change_settings(source, values, clears=clears, shaping=shaping, now=self.clock())

    def archive_source(self, tenant_id: str, source_id: str) -> Source:
        """Take a source out of use; its last generation keeps serving. Twice is the same as once."""
        return self.store.set_status(tenant_id, source_id, SourceStatus.ARCHIVED, self.clock())

    def restore_source(self, tenant_id: str, source_id: str) -> Source:
        """Bring an archived source back."""
        return self.store.set_status(tenant_id, source_id, SourceStatus.ACTIVE, self.clock())
