"""Keeping the lease of a source while long work goes on under it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from knowledge.ports import Clock
from knowledge.sources.model import Source
from knowledge.sources.store import SourceStore

RENEW_EVERY_MS = 5_000


@contextmanager
def held_lease(
    sources: SourceStore, source: Source, holder_id: str, now: int, *, if_archived: bool = False
) -> Iterator[Source]:
    """Hold the lease of a source while a generation is published that no run made; gives the source under it."""
    held = sources.acquire_lease(source.tenant_id, source.source_id, holder_id, now, if_archived=if_archived)
    try:
        yield held
    finally:
        # A publication has freed it already; then this changes nothing.
        sources.release_lease(held.tenant_id, held.source_id, held.lease_token)


@dataclass(slots=True)
class LeaseKeeper:
    """Renews a lease whenever 5 s have gone by. Raises LeaseLostError when it is another's."""

    sources: SourceStore
    tenant_id: str
    source_id: str
    token: int
    clock: Clock
    renewed_at: int

    def keep(self) -> None:
        """Renew the lease if it is time."""
        now = self.clock()
        if now - self.renewed_at >= RENEW_EVERY_MS:
            self.sources.renew_lease(self.tenant_id, self.source_id, self.token, now)
            self.renewed_at = now
