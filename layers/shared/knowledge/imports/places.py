"""The imports of a tenant that are under way: a place for each, in one row of the Catalog beside its sources.

What would break it, and what stands against it:

- Two requests at once for the last place: the row is one, and its set of places is bounded by a condition.
- A crash beside the import's row: a place is taken in the transaction that makes the import, and given back in the one
  that ends it. It is named for the import, so nothing is taken or given back twice.
- An import whose file never comes ends by itself, and nobody writes that down: whoever finds no place free gives such
  places back. If the file comes all the same, the place is taken again with it, whatever the bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.imports.model import Import
from knowledge.limits import IMPORTS_UNDER_WAY
from knowledge.storage.catalog import Action, Catalog

# Its pk is the tenant.
_ROW = "imports"
_FREE = "attribute_not_exists(places) OR size(places) < :most"


class Place(NamedTuple):
    """Whose place it is, and since when."""

    created_at: int
    source_id: str
    import_id: str

    @classmethod
    def of(cls, job: Import) -> Place:
        """The place of an import."""
        return cls(job.created_at, job.source_id, job.import_id)

    def __str__(self) -> str:
        return f"{self.created_at:015d}#{self.source_id}#{self.import_id}"


@dataclass(frozen=True, slots=True)
class ImportPlaces:
    """The places of all tenants."""

    catalog: Catalog

    def taking(self, job: Import) -> Action:
        """The action that takes a place for a new import, if one is free."""
        values = {":places": frozenset({str(Place.of(job))}), ":most": IMPORTS_UNDER_WAY}
        return self.catalog.updating(job.tenant_id, _ROW, "ADD places :places", _FREE, values)

    def keeping(self, job: Import) -> Action:
        """The action that sees to it that an import has its place."""
        return self._changing("ADD", job.tenant_id, [Place.of(job)])

    def giving_back(self, tenant_id: str, places: Iterable[Place]) -> Action:
        """The action that gives places back."""
        return self._changing("DELETE", tenant_id, places)

    def list_places(self, tenant_id: str) -> list[Place]:
        """The places of a tenant, the oldest first."""
        row = self.catalog.find(tenant_id, _ROW) or {}
        parts = (text.split("#") for text in sorted(row.get("places", ())))
        return [Place(int(created_at), source_id, import_id) for created_at, source_id, import_id in parts]

    def _changing(self, verb: str, tenant_id: str, places: Iterable[Place]) -> Action:
        values = {":places": frozenset(map(str, places))}
        return self.catalog.updating(tenant_id, _ROW, f"{verb} places :places", "", values)
