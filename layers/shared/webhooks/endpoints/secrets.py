"""Signing secrets, sealed: they open only for the tenant and the endpoint they were made for."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from knowledge.storage.sealing import Sealer

_KEPT = 256


@dataclass(frozen=True, slots=True)
class EndpointSecrets:
    """Seals secrets, and opens them; what was opened lately is kept in memory, so that few deliveries ask KMS."""

    sealer: Sealer
    _opened: OrderedDict[tuple[bytes, str, str], str] = field(default_factory=OrderedDict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def seal_secret(self, secret: str, tenant_id: str, endpoint_id: str) -> bytes:
        """Seal a secret."""
        return self.sealer.seal_text(secret, _context(tenant_id, endpoint_id))

    def unseal_secret(self, sealed: bytes, tenant_id: str, endpoint_id: str) -> str:
        """Open a sealed secret."""
        place = (sealed, tenant_id, endpoint_id)
        with self._lock:
            if place in self._opened:
                self._opened.move_to_end(place)
                return self._opened[place]
        secret = self.sealer.unseal_text(sealed, _context(tenant_id, endpoint_id))
        with self._lock:
            self._opened[place] = secret
            if len(self._opened) > _KEPT:
                self._opened.popitem(last=False)
        return secret


def _context(tenant_id: str, endpoint_id: str) -> dict[str, str]:
    return {"tenantId": tenant_id, "webhookId": endpoint_id}
