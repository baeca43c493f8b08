"""Every store of the lifecycle, as one value."""

from __future__ import annotations

from knowledge.imports.stores import ImportStores
from knowledge.upkeep.stores import UpkeepStores


class Stores(UpkeepStores, ImportStores):
    """All stores of one deployment."""
