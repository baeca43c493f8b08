"""What is under way of a tenant, of a kind: a place for each, in one row of the Catalog beside its sources.

What would break it, and what stands against it:

- Two requests at once for the last place: the row is one, and its set of places is bounded by a condition.
- A crash beside the row of what is under way: a place is taken in the transaction that makes that, and given back in
  the one that ends it. It is named for it, so nothing is taken or given back twice.
- What ends by itself, which nobody writes down (an import whose file never comes): whoever finds no place free gives
  such places back. If the file comes all the same, the place is taken again with it, whatever the bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.storage.catalog import Action, Catalog

_FREE = "attribute_not_exists(places) OR size(places) < :most"


class Place(NamedTuple):
    """Whose place it is (the id of what is under way), and since when (ms)."""

    created_at: int
    source_id: str
    holder_id: str

    def __str__(self) -> str:
        return f"{self.created_at:015d}#{self.source_id}#{self.holder_id}"


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one kind, of all tenants. `row` is the sort key of their rows, whose pk is the tenant."""

    catalog: Catalog
    row: str

    def taking(self, tenant_id: str, place: Place, most: int) -> Action:
        """The action that takes a new place, if fewer than `most` are taken."""
        values = {":places": frozenset({str(place)}), ":most": most}
        return self.catalog.updating(tenant_id, self.row, "ADD places :places", _FREE, values)

    def keeping(self, tenant_id: str, place: Place) -> Action:
        """The action that sees to it that a place is taken."""
        return self._changing("ADD", tenant_id, [place])

    def giving_back(self, tenant_id: str, places: Iterable[Place]) -> Action:
        """The action that gives places back."""
        return self._changing("DELETE", tenant_id, places)

    def list_places(self, tenant_id: str) -> list[Place]:
        """The places of a tenant, the oldest first."""
        row = self.catalog.find(tenant_id, self.row) or {}
        parts = (text.split("#") for text in sorted(row.get("places", ())))
        return [Place(int(created_at), source_id, holder_id) for created_at, source_id, holder_id in parts]

    def _changing(self, verb: str, tenant_id: str, places: Iterable[Place]) -> Action:
        values = {":places": frozenset(map(str, places))}
        return self.catalog.updating(tenant_id, self.row, f"{verb} places :places", "", values)
