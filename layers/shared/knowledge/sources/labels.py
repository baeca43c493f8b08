"""Labels of sources: names that clients choose, so that whoever comes second finds the source that is there.

A label is claimed by a row beside the tenant's sources, put in the transaction that creates its source and deleted in
the one that begins to delete it. What would break it, and what stands against it:

- Two create a source of one label at once: both put the claim on condition that there is none, so one transaction is
  refused, whole, and finds the other's source.
- A crash between the source and its claim: there is nothing between, they are one write.
- A source goes and another takes its label: the claim goes with the mark that makes the source disappear, and only
  while it is its own.
"""

from __future__ import annotations

from typing import Any

from knowledge.environments import Environment
from knowledge.sources.model import Source
from knowledge.storage.catalog import Action, Catalog

_OWN = "sourceId = :source"


def label_key(tenant_id: str, environment: Environment, label: str) -> tuple[str, str]:
    """The key of the row that claims a label; live and test sources have labels of their own."""
    return tenant_id, f"label#{environment}#{label}"


def claiming(catalog: Catalog, source: Source) -> list[Action]:
    """The action that claims the label of a new source, as a list; an empty one when it has none."""
    if source.label is None:
        return []
    pk, sk = label_key(source.tenant_id, source.environment, source.label)
    row: dict[str, Any] = {"pk": pk, "sk": sk, "sourceId": source.source_id}
    return [catalog.putting_new(row)]


def freeing(catalog: Catalog, source: Source) -> list[Action]:
    """The action that gives the label of a source back, as a list; an empty one when it has none."""
    if source.label is None:
        return []
    key = label_key(source.tenant_id, source.environment, source.label)
    return [catalog.deleting(*key, f"attribute_not_exists(pk) OR {_OWN}", {":source": source.source_id})]


def find_claim(catalog: Catalog, tenant_id: str, environment: Environment, label: str) -> str | None:
    """Read which source has a label, consistently; None when it is free."""
    row = catalog.find(*label_key(tenant_id, environment, label))
    return None if row is None else str(row["sourceId"])
