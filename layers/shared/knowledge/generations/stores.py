"""The stores of generations."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.runs.stores import RunStores

if TYPE_CHECKING:
    from knowledge.generations.store import GenerationStore


class GenerationStores(RunStores):
    """What publishing and reading generations need."""

    @cached_property
    def generations(self) -> GenerationStore:
        """The rows of generations."""
        from knowledge.generations.store import GenerationStore

        return GenerationStore(self.catalog)
