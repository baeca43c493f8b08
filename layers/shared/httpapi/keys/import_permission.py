"""What an import takes of the key that asked for it, and whether the key still has it."""

from __future__ import annotations

from knowledge.actors import Actor

from httpapi.keys.permission import KeyPermission
from httpapi.keys.scopes import Scope

IMPORT_SCOPES = frozenset({Scope.ITEMS_WRITE, Scope.RUNS_WRITE})


def import_scopes(*, apply: bool) -> frozenset[Scope]:
    """The scopes that an import takes: it writes items, makes a run, and may apply it."""
    return IMPORT_SCOPES | {Scope.RUNS_APPLY} if apply else IMPORT_SCOPES


class KeyImportPermission(KeyPermission):
    """Looks at the keys of imports; see `knowledge.ports.ImportPermission`."""

    def find_end(self, tenant_id: str, source_id: str, by: Actor, *, apply: bool) -> str | None:
        """Say in a sentence why a key may not import into a source any more; None while it may."""
        return self._find_end(tenant_id, source_id, by, import_scopes(apply=apply))
