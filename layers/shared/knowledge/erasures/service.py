"""Erasures as tenants see them: asked for, listed and read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from knowledge.actors import Actor, author_of
from knowledge.audit import AuditEntry, AuditKind, entry_of
from knowledge.earlier_tries import find_earlier
from knowledge.erasures.model import Erasure, ErasureState
from knowledge.erasures.steps import Eraser
from knowledge.erasures.store import ErasureMovedError
from knowledge.erasures.stores import ErasureStores
from knowledge.errors import ApplyInProgressError, ErasureInProgressError, ErasureNotFoundError, KnowledgeError
from knowledge.pages import Page
from knowledge.ports import Clock, NewId
from knowledge.sources.model import Source
from knowledge.storage.clients import backoff
from knowledge.storage.format import ObjectGoneError, UnknownFormatError

_TRIES = 5
_ERASURES_A_PAGE = 25
_PATIENCE_MS = 8_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ErasureService:
    """What can be asked of erasures."""

    stores: ErasureStores
    eraser: Eraser
    clock: Clock
    new_id: NewId

    def request_erasure(
        self,
        source: Source,
        external_item_ids: Sequence[str],
        *,
        erasure_id: str,
        earlier_id: str | None = None,
        message: str | None = None,
        by: Actor | None = None,
    ) -> Erasure:
        """Open an erasure, and serve its items no more if that can be done at once; the upkeep does the rest.

        A repeat finds the erasure that was made. Raises ErasureInProgressError while another one of the source is open.
        """
        get = partial(self.stores.erasures.get_erasure, source.source_id)
        earlier = find_earlier(earlier_id, get, lambda made: made.opened_at, self.clock())
        erasure = earlier or self._open(source, external_item_ids, erasure_id, message, by)
        if erasure.state is ErasureState.OPENING:
            # What can't be done now is owed, and the answer tells how far it is.
            return self._open_up(erasure)
        return erasure

    def _open_up(self, erasure: Erasure) -> Erasure:
        """Serve the items no more, if that can be done within some seconds: an apply may be under way."""
        began = self.clock()
        for attempt in range(_TRIES):
            try:
                return self.eraser.open_up(erasure)
            except ApplyInProgressError:
                if self.clock() - began > _PATIENCE_MS:
                    break
                backoff(attempt, base_seconds=0.5, most_seconds=2)
            except (KnowledgeError, ClientError, ErasureMovedError, ObjectGoneError, UnknownFormatError):
                _log.warning("erasure_put_off", exc_info=True, extra={"erasure_id": erasure.erasure_id})
                break
        return self.stores.erasures.get_erasure(erasure.source_id, erasure.erasure_id)

    def erased_since(self, source_id: str, moment: int) -> frozenset[str]:
        """The items of erasures that were opened at or after a moment (ms)."""
        found: set[str] = set()
        position = None
        while True:
            page = self.stores.erasures.list_erasures(source_id, limit=_ERASURES_A_PAGE, position=position)
            for erasure in page.items:
                if erasure.opened_at < moment:
                    return frozenset(found)
                found.update(self.stores.ledger.read_ids(erasure))
            position = page.next_position
            if position is None:
                return frozenset(found)

    def get_erasure(self, source: Source, erasure_id: str) -> Erasure:
        """Read an erasure, which is its receipt. Raises ErasureNotFoundError."""
        return self.stores.erasures.get_erasure(source.source_id, erasure_id)

    def list_erasures(self, source: Source, *, limit: int, position: Any) -> Page[Erasure]:
        """List erasures, newest first."""
        return self.stores.erasures.list_erasures(source.source_id, limit=limit, position=position)

    def _open(
        self, source: Source, ids: Sequence[str], erasure_id: str, message: str | None, by: Actor | None
    ) -> Erasure:
        with suppress(ErasureNotFoundError):
            return self.stores.erasures.get_erasure(source.source_id, erasure_id)
        if source.erasure_id is not None:
            raise ErasureInProgressError
        listed = self.stores.ledger.put_ids(source.tenant_id, source.source_id, erasure_id, self.new_id("att"), ids)
        now = self.clock()
        erasure = Erasure(
            tenant_id=source.tenant_id,
            source_id=source.source_id,
            erasure_id=erasure_id,
            state=ErasureState.OPENING,
            ids=listed,
            items=len(ids),
            epoch=0,
            opened_at=now,
            updated_at=now,
            # Until then it is carried on here.
            due_at=now,
            created_by=author_of(by),
            message=message,
        )
        for _ in range(_TRIES):
            opened = replace(erasure, epoch=source.erasure_epoch + 1)
            try:
                self.stores.erasures.open_erasure(opened, self._recorded(opened, by))
            except ErasureMovedError:
                with suppress(ErasureNotFoundError):
                    return self.stores.erasures.get_erasure(source.source_id, erasure_id)
                source = self.stores.sources.get_source(source.tenant_id, source.source_id)
                if source.erasure_id is not None:
                    raise ErasureInProgressError from None
            else:
                return opened
        raise ErasureInProgressError

    def _recorded(self, erasure: Erasure, by: Actor | None) -> AuditEntry | None:
        subject = {"sourceId": erasure.source_id, "erasureId": erasure.erasure_id}
        after = {"items": erasure.items}
        return entry_of(
            by, AuditKind.ERASURE_CREATED, erasure.tenant_id, erasure.opened_at, subject,
            after=after, message=erasure.message,
        )  # fmt: skip
