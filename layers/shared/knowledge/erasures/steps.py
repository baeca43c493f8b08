"""Carrying an erasure out, step by step: what its row says comes next is done, and noted.

Each call does a bounded part. What would break it, and what stands against it, stands with each step, and for the whole
in `docs/decisions/0027-an-erasure-takes-content-back-everywhere.md`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from knowledge.erasures.clearing import Clearer
from knowledge.erasures.model import Erasure, ErasureState
from knowledge.erasures.plans import PlanEraser
from knowledge.erasures.rewriting import Rewriter
from knowledge.erasures.store import ErasureMovedError
from knowledge.erasures.stores import ErasureStores
from knowledge.erasures.stubbing import Stubber
from knowledge.erasures.sweeping import StillNamedError, Sweeper
from knowledge.errors import ErasureNotFoundError, KnowledgeError
from knowledge.events import ERASURE_COMPLETED, Event
from knowledge.limits import ERASURE_WAIT_MS
from knowledge.ports import Clock, HasTime, NewId
from knowledge.storage.format import ObjectGoneError, UnknownFormatError
from knowledge.times import timestamp
from knowledge.turns import CLAIM_MS, SLICE_MS, pause_after, take_turns

_log = logging.getLogger(__name__)
_OBJECTS, _MANIFESTS, _RUNS = "objects", "manifests", "runs"


@dataclass(frozen=True, slots=True)
class Eraser:
    """Carries erasures out."""

    stores: ErasureStores
    stubber: Stubber
    clearer: Clearer
    rewriter: Rewriter
    plans: PlanEraser
    sweeper: Sweeper
    clock: Clock
    new_id: NewId

    def go_on(self, has_time: HasTime) -> int:
        """Go on with every erasure that is due, each for a minute at a time; tells how many failed."""
        list_due = self.stores.erasures.list_due
        return take_turns(list_due, self._find_due, self._work, clock=self.clock, has_time=has_time)

    def _find_due(self, source_id: str, erasure_id: str) -> Erasure | None:
        try:
            erasure = self.stores.erasures.get_erasure(source_id, erasure_id)
        except ErasureNotFoundError:
            return None  # Its source was deleted.
        return None if erasure.state is ErasureState.COMPLETED or erasure.due_at > self.clock() else erasure

    def _work(self, erasure: Erasure, has_time: HasTime) -> bool:
        until = self.clock() + SLICE_MS
        try:
            claim = replace(erasure, due_at=self.clock() + CLAIM_MS, tries=erasure.tries + 1)
            erasure = self.stores.erasures.note(erasure, claim)
            while erasure.state is not ErasureState.COMPLETED and has_time() and self.clock() <= until:
                before = erasure
                erasure = self.advance(erasure, lambda: has_time() and self.clock() <= until)
                if erasure.rev == before.rev or self._waits(erasure):
                    break
            if erasure.state is not ErasureState.COMPLETED and not self._waits(erasure):
                self.stores.erasures.note(erasure, replace(erasure, due_at=self.clock()))
        except ErasureMovedError:
            return True
        except (KnowledgeError, ClientError, ObjectGoneError, UnknownFormatError, ValueError):
            ids = {"source_id": erasure.source_id, "erasure_id": erasure.erasure_id, "tenant_id": erasure.tenant_id}
            _log.exception("erasure_failed", extra=ids)
            self._put_off(erasure)
            return False
        return True

    def _waits(self, erasure: Erasure) -> bool:
        return erasure.waits_until is not None and erasure.waits_until > self.clock()

    def _put_off(self, erasure: Erasure) -> None:
        try:
            stored = self.stores.erasures.get_erasure(erasure.source_id, erasure.erasure_id)
        except ErasureNotFoundError:
            return
        try:
            self.stores.erasures.note(stored, replace(stored, due_at=self.clock() + pause_after(stored.tries)))
        except ErasureMovedError:
            return

    def advance(self, erasure: Erasure, has_time: HasTime) -> Erasure:
        """Do the next part of an erasure and note it.

        Raises ErasureMovedError when somebody else did, and what the step raises.
        """
        match erasure.state:
            case ErasureState.OPENING:
                return self.open_up(erasure)
            case ErasureState.REWRITING:
                return self._rewrite(erasure, has_time)
            case ErasureState.WAITING:
                return self._wait(erasure, has_time)
            case ErasureState.SWEEPING:
                return self._sweep(erasure, has_time)
        return erasure

    def open_up(self, erasure: Erasure) -> Erasure:
        """Make stubs, and serve the items no more."""
        self.stores.ledger.note_opened(erasure)
        ids = self.stores.ledger.read_ids(erasure)
        source = self.stores.sources.get_source(erasure.tenant_id, erasure.source_id)
        counts = erasure.counts
        if source.erasure_opening:
            stubbed = self.stubber.stub_rows(erasure, source, ids)
            counts = replace(counts, stubbed=counts.stubbed + stubbed)
            if stubbed:
                erasure = self._note(erasure, counts=counts)
            source = self.stores.sources.get_source(erasure.tenant_id, erasure.source_id)
            generation_id = self.clearer.clear_source(erasure, source, ids)
        else:
            generation_id = self.clearer.find_published(erasure)
        return self._note(
            erasure,
            state=ErasureState.REWRITING,
            cursor=[_OBJECTS, ""],
            counts=counts,
            generation_id=generation_id,
            cleared_at=self.clock(),
            due_at=self.clock(),
        )

    def _rewrite(self, erasure: Erasure, has_time: HasTime) -> Erasure:
        ids = self.stores.ledger.read_ids(erasure)
        step, position = erasure.cursor
        if step == _OBJECTS:
            behind = self.rewriter.copy_objects(erasure, frozenset(ids), position, has_time)
            return self._note(erasure, cursor=[_MANIFESTS, None] if behind is None else [_OBJECTS, behind])
        if step == _MANIFESTS:
            swapped = self.rewriter.swap_manifests(erasure, ids, has_time)
            return self._note(erasure, cursor=[_MANIFESTS, None] if swapped is not False else [_RUNS, None])
        changed, position = self.plans.erase_runs(erasure, frozenset(ids), position, has_time)
        counts = replace(erasure.counts, runs=erasure.counts.runs + changed)
        if position is not None:
            return self._note(erasure, cursor=[_RUNS, position], counts=counts)
        return self._begin_waiting(replace(erasure, counts=counts), erasure)

    def _begin_waiting(self, after: Erasure, before: Erasure) -> Erasure:
        """Wait from now on: what was swapped last was swapped before now."""
        until = self.clock() + ERASURE_WAIT_MS
        return self.stores.erasures.note(
            before,
            replace(
                after, state=ErasureState.WAITING, cursor=None, waits_until=until, due_at=until, tries=0,
                updated_at=self.clock(),
            ),
        )  # fmt: skip

    def _wait(self, erasure: Erasure, has_time: HasTime) -> Erasure:
        if self._waits(erasure):
            return erasure
        ids = self.stores.ledger.read_ids(erasure)
        swapped = self.rewriter.swap_manifests(erasure, ids, has_time)
        if swapped is None:
            return self._note(erasure)
        if swapped:
            return self._begin_waiting(erasure, erasure)
        return self._note(erasure, state=ErasureState.SWEEPING, cursor=[0, None])

    def _sweep(self, erasure: Erasure, has_time: HasTime) -> Erasure:
        if self._waits(erasure):
            return erasure
        ids = frozenset(self.stores.ledger.read_ids(erasure))
        if erasure.cursor is not None:
            return self._sweep_objects(erasure, ids, has_time)
        of_exports = self.sweeper.sweep_exports(erasure)
        deleted, done = self.sweeper.sweep_imports(erasure, ids)
        counts = replace(erasure.counts, deleted=erasure.counts.deleted + of_exports + deleted)
        if not done:
            until = self.clock() + ERASURE_WAIT_MS
            return self._note(erasure, counts=counts, waits_until=until, due_at=until)
        return self._close(erasure, replace(erasure, counts=counts))

    def _sweep_objects(self, erasure: Erasure, ids: frozenset[str], has_time: HasTime) -> Erasure:
        kind, behind = erasure.cursor
        try:
            swept = self.sweeper.sweep_objects(erasure, ids, (kind, behind and (behind[0], behind[1])), has_time)
        except StillNamedError:
            return self._note(erasure, state=ErasureState.REWRITING, cursor=[_OBJECTS, ""])
        cursor = None if swept.cursor is None else [swept.cursor[0], swept.cursor[1]]
        counts = replace(erasure.counts, deleted=erasure.counts.deleted + swept.deleted)
        return self._note(erasure, cursor=cursor, counts=counts)

    def _close(self, before: Erasure, after: Erasure) -> Erasure:
        now = self.clock()
        after = replace(after, state=ErasureState.COMPLETED, cursor=None, completed_at=now, updated_at=now)
        data = {
            "erasureId": after.erasure_id,
            "items": after.items,
            "generationId": after.generation_id,
            "openedAt": timestamp(after.opened_at),
        }
        event = Event(self.new_id("evt"), ERASURE_COMPLETED, after.tenant_id, after.source_id, now, data)
        return self.stores.erasures.close_erasure(before, after, event)

    def _note(self, erasure: Erasure, **changed: Any) -> Erasure:
        after = replace(erasure, **{"tries": 0, "updated_at": self.clock(), **changed})
        return self.stores.erasures.note(erasure, after)
