"""Every store of the lifecycle, as one value."""

from __future__ import annotations

from knowledge.erasures.stores import ErasureStores
from knowledge.upkeep.stores import UpkeepStores


class Stores(UpkeepStores, ErasureStores):
    """All stores of one deployment."""
