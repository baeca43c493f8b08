"""Finding: the hits of a question in one state of the sources, each checked by whoever makes something of it.

    rows of sources -> manifests -> one index -> hits -> what is made of them, such as results

What would break it, and what stands against it:

- A generation is published, restored, compacted or erased between two reads: objects that it no longer names may be
  gone. The rows are read once more, and all is done again; what fails twice is refused, never answered in part.
- Something is damaged, in the bucket, on the disk or in memory: it is let go of and read again; damage that stays is
  told to the operator.
- A cursor of another state: the order of its results is not this one's, so it is refused.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from search.engine.analysis import words
from search.errors import DamagedSegmentError, EngineFailedError, InvalidQueryError, OtherFormatError
from search.filters import Filter
from search.hits.serving import Hit
from search.queries.model import Ranking, SearchQuery
from search.queries.synonyms import Synonyms as QuerySynonyms

from knowledge.errors import (
    IndexDamagedError,
    IndexUpgradingError,
    InvalidPositionError,
    InvalidSearchError,
    ServiceUnavailableError,
    StaleCursorError,
)
from knowledge.generations.stores import GenerationStores
from knowledge.limits import SEARCH_RESULTS
from knowledge.ports import Clock
from knowledge.searching.asking import AskedSources
from knowledge.searching.indexes import OpenIndexes
from knowledge.searching.model import Asked, Opened, Question
from knowledge.searching.recent import Recent
from knowledge.sources.model import QuestionLog, Synonyms
from knowledge.storage.format import ObjectGoneError

_SYNONYMS_KEPT = 200
T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What a question finds: hits from `offset` on, one more than it wants when there are more, and their sources.

    `state` names all that the order of hits depends on. `synonyms` are by source id.
    """

    asked: Sequence[Asked]
    opened: Mapping[str, Opened]
    state: str
    offset: int
    hits: Sequence[Hit]
    synonyms: Mapping[str, Synonyms]

    @property
    def generations(self) -> dict[str, str]:
        """The generation of each source that was searched and has published one."""
        return {each.source.source_id: each.generation_id for each in self.asked if each.generation_id is not None}

    @property
    def kept_for(self) -> frozenset[str]:
        """The sources that were asked and keep what they are asked."""
        return frozenset(each.source.source_id for each in self.asked if each.source.question_log is QuestionLog.ON)


@dataclass(slots=True)
class Finder:
    """Finds, one question at a time in a process."""

    stores: GenerationStores
    indexes: OpenIndexes
    clock: Clock
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _synonyms: Recent[tuple[str, str, int], tuple[Synonyms, QuerySynonyms]] = field(
        default_factory=lambda: Recent(_SYNONYMS_KEPT)
    )

    def find(self, question: Question, position: Any, make: Callable[[Found], T]) -> T:
        """Find, and make something of it: again, when the sources changed or something is damaged meanwhile.

        A position is `[digest of the state, offset]` of the next hit.

        `make` raises IndexDamagedError, ObjectGoneError and EngineFailedError for that.

        Raises SourceNotFoundError, InvalidSearchError, StaleCursorError, the refusals of a run, IndexTooLargeError,
        IndexUpgradingError, IndexDamagedError, ServiceUnavailableError.
        """
        return self._twice(question, lambda asked: self._made(question, asked, position, make))

    def open(self, question: Question, make: Callable[[Sequence[Asked], Sequence[Opened]], T]) -> T:
        """Make something of what sources serve, without a search, and again, as `find` does."""

        def made(asked: Sequence[Asked]) -> T:
            opened = self.indexes.open(asked)
            try:
                return make(asked, opened)
            except (ObjectGoneError, IndexDamagedError):
                self.indexes.drop(question.tenant_id, opened)
                raise

        return self._twice(question, made)

    def ask(self, question: Question) -> list[Asked]:
        """Read the rows of the sources that a question is put to. Raises what `find` does of rows."""
        return AskedSources(self.stores, self.clock).read(question)

    def _twice(self, question: Question, work: Callable[[Sequence[Asked]], T]) -> T:
        """Do something with what is asked, and once more with what is then served, if an object of it is not whole."""
        with self._lock:
            asked = self.ask(question)
            try:
                return work(asked)
            except (ObjectGoneError, IndexDamagedError, DamagedSegmentError, EngineFailedError):
                _log.warning("search_repeated", exc_info=True, extra={"tenant_id": question.tenant_id})
            again = self.ask(question)
            try:
                return work(again)
            except (ObjectGoneError, IndexDamagedError, DamagedSegmentError, EngineFailedError) as error:
                raise _refusal(question, error, is_same=_state_of(asked) == _state_of(again)) from error

    def _made(self, question: Question, asked: Sequence[Asked], position: Any, make: Callable[[Found], T]) -> T:
        state = _state_of(asked)
        offset = _offset(position, state)
        query = _query_of(question, asked)
        opened = self.indexes.open(asked)
        try:
            synonyms = self._read_synonyms(question.tenant_id, opened)
            served = self.indexes.serve(question.tenant_id, opened)
            known = {source_id: each[1] for source_id, each in synonyms.items()}
            hits = served.search(query, question.limit + 1, offset, synonyms=known)
            by_id = {each.source.source_id: each for each in opened}
            told = {source_id: each[0] for source_id, each in synonyms.items()}
            return make(Found(asked, by_id, state, offset, hits, told))
        except InvalidQueryError as error:
            raise InvalidSearchError(str(error)) from error
        except OtherFormatError as error:
            raise IndexUpgradingError from error
        except (ObjectGoneError, IndexDamagedError, DamagedSegmentError, EngineFailedError):
            self.indexes.drop(question.tenant_id, opened)
            raise

    def _read_synonyms(self, tenant_id: str, opened: Sequence[Opened]) -> Mapping[str, tuple[Synonyms, QuerySynonyms]]:
        """The synonyms of sources that have some; they are read once for each version of them."""
        found: dict[str, tuple[Synonyms, QuerySynonyms]] = {}
        missing: dict[str, int] = {}
        for source in (each.source for each in opened):
            if source.synonyms.groups:
                kept = self._synonyms.get((tenant_id, source.source_id, source.synonyms.version))
                if kept is None:
                    missing[source.source_id] = source.synonyms.version
                else:
                    found[source.source_id] = kept
        if missing:
            read = self.stores.sources.read_synonyms(tenant_id, list(missing))
            for source_id, groups in read.items():
                found[source_id] = (groups, QuerySynonyms(groups, words))
                self._synonyms.put((tenant_id, source_id, missing[source_id]), found[source_id], 1)
        return found


def _query_of(question: Question, asked: Sequence[Asked]) -> SearchQuery:
    weights = {each.source.source_id: each.source.title_weight for each in asked}
    query = SearchQuery(
        question.text,
        Filter(question.tags, question.language, question.metadata),
        prefix=question.prefix,
        ranking=Ranking(title_weights=weights),
    )
    try:
        query.check()
    except InvalidQueryError as error:
        raise InvalidSearchError(str(error)) from error
    return query


def _state_of(asked: Sequence[Asked]) -> str:
    """Name the state that a page is of: all that the order of its results depends on."""
    digest = hashlib.sha256()
    for source, manifest, *_ in sorted(asked, key=lambda each: each.source.source_id):
        state = (source.source_id, manifest and manifest.digest, source.title_weight, source.synonyms.version)
        digest.update(repr(state).encode())
    return digest.hexdigest()[:32]


def _offset(position: Any, state: str) -> int:
    match position:
        case None:
            return 0
        case [str() as known, int() as offset] if 0 <= offset < SEARCH_RESULTS:
            if known != state:
                raise StaleCursorError
            return offset
    raise InvalidPositionError


def _refusal(question: Question, error: Exception, *, is_same: bool) -> Exception:
    """What to tell of a search that failed twice; damage is told when nothing was published in between."""
    if not is_same or isinstance(error, EngineFailedError):
        return ServiceUnavailableError()
    damaged = error if isinstance(error, IndexDamagedError) else IndexDamagedError(key=str(error))
    where = {"tenant_id": question.tenant_id, "source_id": damaged.source_id, "key": damaged.key}
    _log.error("index_damaged", exc_info=error, extra=where)
    return damaged
