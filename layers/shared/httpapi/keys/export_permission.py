"""What an export takes of the key that asked for it, and whether the key still has it."""

from __future__ import annotations

from knowledge.actors import Actor

from httpapi.keys.permission import KeyPermission
from httpapi.keys.scopes import Scope

# Those of a list of what a generation serves, with contents.
EXPORT_SCOPES = frozenset({Scope.RUNS_READ, Scope.ITEMS_READ})


class KeyExportPermission(KeyPermission):
    """Looks at the keys of exports; see `knowledge.ports.ExportPermission`."""

    def find_end(self, tenant_id: str, source_id: str, by: Actor) -> str | None:
        """Say in a sentence why a key may not read a source's items any more; None while it may."""
        return self._find_end(tenant_id, source_id, by, EXPORT_SCOPES)
