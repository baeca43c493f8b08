"""The synonyms of a source as a row of the Catalog.

They may be tens of KB, and a source's row is read at every push, run and apply and billed by its size. So they have a
row of their own, in the partition of the source, where its deletion finds it; the source's row tells which they are.
Both are written in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.sources.model import Source, Synonyms
from knowledge.storage.catalog import Action, Catalog

_SK = "synonyms"


def synonyms_key(source_id: str) -> tuple[str, str]:
    """The key of the row."""
    return source_id, _SK


def writing_synonyms(catalog: Catalog, source: Source, synonyms: Synonyms) -> Action:
    """The action that puts the row, or deletes it when there are none."""
    pk, sk = synonyms_key(source.source_id)
    if not synonyms:
        return catalog.deleting(pk, sk)
    return catalog.putting({"pk": pk, "sk": sk, "tenantId": source.tenant_id, "groups": synonyms})


def synonyms_from(row: Mapping[str, Any]) -> Synonyms:
    """Read the row."""
    return tuple(map(tuple, row["groups"]))
