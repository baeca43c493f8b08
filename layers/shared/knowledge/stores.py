"""Every store of the lifecycle, as one value."""

from __future__ import annotations

from knowledge.deletions.stores import DeletionStores
from knowledge.erasures.stores import ErasureStores
from knowledge.upkeep.stores import UpkeepStores


class Stores(UpkeepStores, ErasureStores, DeletionStores):
    """All stores of one deployment."""
