"""Puts erasures together. Apart from `knowledge.assembly`, since most functions never load what lies under this."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowledge.erasures.lookup import ErasureLookup
    from knowledge.erasures.service import ErasureService
    from knowledge.erasures.steps import Eraser
    from knowledge.erasures.stores import ErasureStores
    from knowledge.generations.publishing import Publisher
    from knowledge.ports import Clock, NewId
    from knowledge.sources.model import Settle


@dataclass
class ErasureServices:
    """The services of erasures, each made when it is first used."""

    stores: ErasureStores
    settle: Settle
    publisher: Publisher
    clock: Clock
    new_id: NewId

    @cached_property
    def service(self) -> ErasureService:
        """Asking for erasures, and reading how they fare."""
        from knowledge.erasures.service import ErasureService

        return ErasureService(self.stores, self.eraser, self.clock, self.new_id)

    @cached_property
    def lookup(self) -> ErasureLookup:
        """Finding which erasure took an item back."""
        from knowledge.erasures.lookup import ErasureLookup

        return ErasureLookup(self.stores)

    @cached_property
    def eraser(self) -> Eraser:
        """Carrying erasures out."""
        from knowledge.erasures.clearing import Clearer
        from knowledge.erasures.plans import PlanEraser
        from knowledge.erasures.rewriting import Rewriter
        from knowledge.erasures.steps import Eraser
        from knowledge.erasures.stubbing import Stubber
        from knowledge.erasures.sweeping import Sweeper

        rewriter = Rewriter(self.stores, self.clock, self.new_id)
        return Eraser(
            self.stores,
            Stubber(self.stores, self.clock, self.new_id),
            Clearer(self.stores, self.settle, self.publisher, self.clock, self.new_id),
            rewriter,
            PlanEraser(self.stores, self.clock, self.new_id),
            Sweeper(self.stores, rewriter.named_keys, self.clock),
            self.clock,
            self.new_id,
        )
