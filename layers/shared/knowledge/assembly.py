"""Puts the lifecycle together: stores and services. Each part is made when it is first used.

Each part is imported then, too: a function pays at its cold start for nothing that it never uses.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from knowledge.ids import new_id
from knowledge.ports import Clock, ExportPermission, ImportPermission, Machine, NewId, TellFailure
from knowledge.storage.clients import Clients, Fanout
from knowledge.times import system_clock

if TYPE_CHECKING:
    from knowledge.answering.model import AnswerProvider
    from knowledge.answering.service import Answerer
    from knowledge.deletions.steps import Deleter
    from knowledge.erasures.assembly import ErasureServices
    from knowledge.exports.assembly import ExportServices
    from knowledge.exports.machine import ExportMachine
    from knowledge.generations.building import Builder
    from knowledge.generations.history import ItemHistories, Looked
    from knowledge.generations.publishing import Publisher
    from knowledge.generations.reader import GenerationReader
    from knowledge.generations.restoring import Restorer
    from knowledge.generations.reviewing import RunReviewer
    from knowledge.generations.settling import Settler
    from knowledge.imports.assembly import ImportServices
    from knowledge.imports.machine import ImportMachine
    from knowledge.questions.service import QuestionService
    from knowledge.runs.failures import FailureRecorder
    from knowledge.runs.planning import Planner
    from knowledge.runs.service import RunService
    from knowledge.searching.finding import Finder
    from knowledge.searching.service import Searcher
    from knowledge.settings import AnswerSettings, SearchSettings, Settings
    from knowledge.sources.service import SourceService
    from knowledge.staging.service import StagingService
    from knowledge.staging.snapshots import SnapshotService
    from knowledge.staging.writing import StagingWriter
    from knowledge.stores import Stores
    from knowledge.upkeep.rounds import Upkeep


class KnowledgeServices:
    """The lifecycle of one deployment."""

    def __init__(
        self,
        settings: Settings,
        *,
        clients: Clients | None = None,
        clock: Clock = system_clock,
        new_id: NewId = new_id,
        fanout: Fanout | None = None,
        machine: Callable[[KnowledgeServices], Machine] | None = None,
        import_machine: ImportMachine | None = None,
        import_permission: Callable[[Clients], ImportPermission] | None = None,
        export_machine: ExportMachine | None = None,
        export_permission: Callable[[Clients], ExportPermission] | None = None,
        search: SearchSettings | None = None,
        answers: AnswerSettings | None = None,
        tell_fallback: TellFailure | None = None,
    ) -> None:
        self.settings = settings
        self.clients = clients or Clients()
        self.clock = clock
        self.new_id = new_id
        self.fanout = fanout or Fanout()
        self._machine = machine
        self._import_machine = import_machine
        self._import_permission = import_permission
        self._export_machine = export_machine
        self._export_permission = export_permission
        self._search = search
        self._answers = answers
        self._tell_fallback = tell_fallback

    @cached_property
    def stores(self) -> Stores:
        """Every store."""
        from knowledge.stores import Stores

        return Stores(self.settings, self.clients, self.fanout)

    @cached_property
    def sources(self) -> SourceService:
        """Creating, reading and changing sources."""
        from knowledge.sources.service import SourceService

        return SourceService(self.stores.sources, self.clock, self.new_id)

    @cached_property
    def staging(self) -> StagingService:
        """The staging set."""
        from knowledge.staging.service import StagingService

        return StagingService(self.stores, self.staging_writer, self.clock)

    @cached_property
    def staging_writer(self) -> StagingWriter:
        """What pushes, snapshots and imports write rows with."""
        from knowledge.staging.writing import StagingWriter

        return StagingWriter(self.stores, self.clock, self.new_id)

    @cached_property
    def snapshots(self) -> SnapshotService:
        """Whole staging sets, in parts or in one request."""
        from knowledge.staging.snapshot_completion import SnapshotCompleter
        from knowledge.staging.snapshots import SnapshotService

        completer = SnapshotCompleter(self.stores, self.staging_writer, self.clock)
        return SnapshotService(self.stores, self.staging_writer, completer, self.clock, self.new_id)

    @cached_property
    def runs(self) -> RunService:
        """Starting, reading and applying runs."""
        from knowledge.runs.service import RunService

        return RunService(self.stores, self.machine, self.clock, self.new_id)

    @cached_property
    def reviewer(self) -> RunReviewer:
        """Reading what runs change."""
        from knowledge.generations.reviewing import RunReviewer

        return RunReviewer(self.stores, self.clock)

    @cached_property
    def generations(self) -> GenerationReader:
        """Reading what is published."""
        from knowledge.generations.reader import GenerationReader

        return GenerationReader(self.stores, self.clock)

    @cached_property
    def histories(self) -> ItemHistories:
        """Reading what became of items."""
        from knowledge.generations.history import ItemHistories

        return ItemHistories(self.stores, self._find_erasure)

    @cached_property
    def searcher(self) -> Searcher:
        """Searching what is published."""
        from knowledge.searching.service import Searcher

        return Searcher(self.finder)

    @cached_property
    def finder(self) -> Finder:
        """What searches and answers find, each in one state of the sources."""
        from knowledge.searching.finding import Finder
        from knowledge.searching.indexes import OpenIndexes
        from knowledge.settings import SearchSettings

        search = self._search or SearchSettings.from_environment()
        return Finder(self.stores, OpenIndexes(self.stores, self.stores.index, search), self.clock)

    @cached_property
    def answerer(self) -> Answerer:
        """Answering from what is published."""
        from knowledge.answering.extractive import ExtractiveProvider
        from knowledge.answering.service import Answerer, Providers

        sentences = ExtractiveProvider()
        model = self.answer_model
        providers = Providers(sentences) if model is None else Providers(model, sentences)
        return Answerer(self.finder, providers)

    @cached_property
    def questions(self) -> QuestionService:
        """Questions that are kept."""
        from knowledge.questions.service import QuestionService

        return QuestionService(self.stores.questions, self.clock)

    @cached_property
    def answer_model(self) -> AnswerProvider | None:
        """The model that answers questions; None when the deployment names none."""
        from knowledge.settings import AnswerSettings

        answers = self._answers or AnswerSettings.from_environment()
        if answers.model_id is None:
            return None
        from knowledge.answering.bedrock import BedrockProvider

        return BedrockProvider(lambda: self.clients.bedrock, answers.model_id, tell_failure=self._tell_fallback)

    @cached_property
    def restorer(self) -> Restorer:
        """Publishing older generations anew."""
        from knowledge.generations.restoring import Restorer

        return Restorer(self.stores, self.settler.settle, self.publisher, self.clock, self.new_id)

    @cached_property
    def machine(self) -> Machine:
        """The state machine."""
        if self._machine is not None:
            return self._machine(self)
        from knowledge.runs.machine import StepFunctionsMachine

        return StepFunctionsMachine(self.clients.stepfunctions, self.settings.diff_and_apply_arn)

    @cached_property
    def planner(self) -> Planner:
        """The task that plans."""
        from knowledge.runs.planning import Planner

        return Planner(self.stores, self.settler.help_settle, self.clock, self.new_id)

    @cached_property
    def builder(self) -> Builder:
        """The task that builds."""
        from knowledge.generations.building import Builder

        return Builder(self.stores, self.settler.settle, self.clock, self.new_id)

    @cached_property
    def publisher(self) -> Publisher:
        """The task that publishes."""
        from knowledge.generations.publishing import Publisher

        return Publisher(self.stores, self.settler, self.clock, self.new_id)

    @cached_property
    def settler(self) -> Settler:
        """What is owed after a publication."""
        from knowledge.generations.settling import Settler

        return Settler(self.stores, self.clock)

    @cached_property
    def failures(self) -> FailureRecorder:
        """The task that records failures."""
        from knowledge.runs.failures import FailureRecorder

        return FailureRecorder(self.stores, self.clock, self.new_id)

    @cached_property
    def upkeep(self) -> Upkeep:
        """The daily round over all sources."""
        from knowledge.upkeep.collecting import Collector
        from knowledge.upkeep.compaction import Compactor
        from knowledge.upkeep.rounds import Upkeep

        collector = Collector(self.stores, self.clock)
        compactor = Compactor(self.stores, self.settler.settle, self.publisher, self.clock, self.new_id)
        return Upkeep(self.stores, self.settler.settle, collector, compactor, self.clock)

    @cached_property
    def erasures(self) -> ErasureServices:
        """Erasures."""
        from knowledge.erasures.assembly import ErasureServices

        return ErasureServices(self.stores, self.settler.settle, self.publisher, self.clock, self.new_id)

    @cached_property
    def deleter(self) -> Deleter:
        """Deleting sources."""
        from knowledge.deletions.emptying import Emptier
        from knowledge.deletions.steps import Deleter

        return Deleter(self.stores, Emptier(self.stores), self.clock, self.new_id)

    @cached_property
    def imports(self) -> ImportServices:
        """Imports; their modules are loaded by the functions alone that need them."""
        from knowledge.imports.assembly import ImportServices

        return ImportServices(
            self.stores,
            self.staging_writer,
            self.snapshots,
            self._erased_since,
            self.clock,
            self.new_id,
            self._import_machine,
            None if self._import_permission is None else self._import_permission(self.clients),
        )

    @cached_property
    def exports(self) -> ExportServices:
        """Exports; their modules are loaded by the functions alone that need them."""
        from knowledge.exports.assembly import ExportServices

        return ExportServices(
            self.stores,
            self.clock,
            self.new_id,
            self._export_machine,
            None if self._export_permission is None else self._export_permission(self.clients),
        )

    def _erased_since(self, source_id: str, moment: int) -> frozenset[str]:
        return self.erasures.service.erased_since(source_id, moment)

    def _find_erasure(self, source_id: str, external_item_id: str, down_to: int, behind: Any) -> Looked:
        return self.erasures.lookup.find_erasure(source_id, external_item_id, down_to, behind)
