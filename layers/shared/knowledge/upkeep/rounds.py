"""The daily round over all sources: collect what nothing names, then compact what became scattered.

Sources are found by the folders that they have in the bucket, in order, so that a round goes on where it stopped and
no row has to be kept for it. A source that fails is left for the next round and holds nobody up.

What would break it, and what stands against it:

- A look outlives its call, or kills it: the place is noted before the look, so the next call knows whose it was. It
  begins with that source and has all its time for it; a second death, and the round goes on behind it.
- A call dies between a look and the next note: that source is looked at again, which finds nothing left to do.
- Two calls at once (a schedule fires twice): both look at the same sources, and either note is a place that one of them
  has reached. A source is passed over only while another call looks at it.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from botocore.exceptions import ClientError
from search.segments.building import current_format

from knowledge.errors import KnowledgeError, SettlingUnfinishedError, SourceNotFoundError
from knowledge.limits import UPKEEP_ROUND_MS
from knowledge.ports import Clock, HasTime
from knowledge.sources.model import Settle, Source
from knowledge.storage.format import ObjectGoneError, UnknownFormatError
from knowledge.upkeep.collecting import Collector
from knowledge.upkeep.compaction import Compactor
from knowledge.upkeep.store import Place, Round
from knowledge.upkeep.stores import UpkeepStores

_KINDS = ("content", "runs", "snapshots")
# The first may have begun late in its call; the second had a call's whole time.
_TRIES = 2
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class RoundReport:
    """What one call did: the sources looked at, and what came of it; `failed` counts those passed over, too.

    `oldest_unapplied_seconds` is the age of the oldest change that no generation holds yet, among those sources, and
    `oldest_unapplied_source_id` says whose it is.
    """

    sources: int = 0
    failed: int = 0
    deleted: int = 0
    deleted_bytes: int = 0
    retired: int = 0
    expired: int = 0
    compacted: int = 0
    oldest_unapplied_seconds: int | None = None
    oldest_unapplied_source_id: str | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Looks at every source once a day."""

    stores: UpkeepStores
    settle: Settle
    collector: Collector
    compactor: Compactor
    clock: Clock

    def go_on(self, has_time: HasTime) -> RoundReport:
        """Go on with the round until it ends or there is no more time.

        One begins if the last began a day ago, or was begun by code that builds segments of another format.
        """
        report = RoundReport()
        now = self.clock()
        state = self.stores.upkeep.round()
        if state is None or state.format != current_format():
            # What was built by other code is searched again when it is built anew: that can't wait for tomorrow.
            state = Round(now, format=current_format())
        elif state.ended and state.started_at + UPKEEP_ROUND_MS <= now:
            state = Round(now, format=state.format)
        elif state.ended:
            return report
        for place in self._places(state.behind):
            if not has_time():
                self.stores.upkeep.set_round(state)
                return report
            tries = state.tries + 1 if place == state.looking else 1
            ids = {"tenant_id": place[0], "source_id": place[1]}
            if tries > _TRIES:
                _log.error("upkeep_passed_over", extra=ids)
                report.failed += 1
            else:
                state = replace(state, looking=place, tries=tries)
                self.stores.upkeep.set_round(state)
                _log.info("upkeep_look_began", extra=ids)
                self._look_at(place, report, has_time)
            state = replace(state, behind=place)
        self.stores.upkeep.set_round(Round(state.started_at, ended=True, format=state.format))
        report.ended = True
        return report

    def _look_at(self, place: Place, report: RoundReport, has_time: HasTime) -> None:
        report.sources += 1
        try:
            source = self.stores.sources.get_source(*place)
            self._note_age(source, report)
            self._settle(source, has_time)
            collected = self.collector.collect_garbage(source)
            report.deleted += collected.deleted
            report.deleted_bytes += collected.deleted_bytes
            report.retired += collected.retired
            report.expired += collected.expired
            # It may read and write much, so a look that took long leaves it to the next round.
            if collected.changed and has_time() and self.compactor.compact_source(source):
                report.compacted += 1
        except SourceNotFoundError:
            return
        except (KnowledgeError, ClientError, ObjectGoneError, UnknownFormatError):
            _log.exception("upkeep_failed", extra={"tenant_id": place[0], "source_id": place[1]})
            report.failed += 1

    def _settle(self, source: Source, has_time: HasTime) -> None:
        """Help with a clean-up that a publication left behind, for as long as there is time; see `Settler`."""
        while source.settle_run_id is not None:
            try:
                return self.settle(source)
            except SettlingUnfinishedError:
                if not has_time():
                    raise
                source = self.stores.sources.get_source(source.tenant_id, source.source_id)
        return None

    def _note_age(self, source: Source, report: RoundReport) -> None:
        # What an archived source has staged waits for its restore.
        written_at = self.stores.journal.find_oldest_at(source.source_id) if source.active else None
        if written_at is None:
            return
        age_seconds = max(0, self.clock() - written_at) // 1000
        if report.oldest_unapplied_seconds is None or age_seconds > report.oldest_unapplied_seconds:
            report.oldest_unapplied_seconds = age_seconds
            report.oldest_unapplied_source_id = source.source_id

    def _places(self, behind: Place | None) -> Iterator[Place]:
        """Every (tenant, source) that has objects, in order, from behind a place on."""
        walks = [self._places_of(kind, behind) for kind in _KINDS]
        return (place for place, _ in groupby(heapq.merge(*walks)))

    def _places_of(self, kind: str, behind: Place | None) -> Iterator[Place]:
        if behind is not None:
            for source_id in self.stores.objects.list_folders(f"{kind}/{behind[0]}/", behind[1]):
                yield behind[0], source_id
        for tenant_id in self.stores.objects.list_folders(f"{kind}/", behind[0] if behind else ""):
            for source_id in self.stores.objects.list_folders(f"{kind}/{tenant_id}/"):
                yield tenant_id, source_id
